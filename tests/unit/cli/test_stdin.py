"""Standard input: it can be interrupted, closed and unreadable."""

import asyncio
import io
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli import stdin


class _Pipe(io.TextIOBase):
    """A pipe in which something happens while it is read."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self._happens = happens

    @property
    def buffer(self) -> "_Pipe":
        return self

    def read(self, size: int | None = -1, /) -> bytes:  # type: ignore[override]
        self._happens()
        return b"read"[:size]

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        return self.read(size).decode()


@pytest.fixture
def ctrl_c(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One Ctrl-C comes while standard input is read."""
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "stdin", _Pipe(lambda: signal.raise_signal(signal.SIGINT)))
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("read", [lambda: stdin.read_bytes(4), stdin.read_line])
def test_one_ctrl_c_ends_a_read_in_a_running_loop(read: Callable[[], object]) -> None:
    went_on: list[object] = []

    async def command() -> None:
        went_on.append(read())

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(command())
    assert not went_on


@pytest.mark.usefixtures("ctrl_c")
def test_the_handler_is_as_before_afterwards() -> None:
    def handler(*_: object) -> None:
        raise AssertionError

    signal.signal(signal.SIGINT, handler)
    with pytest.raises(KeyboardInterrupt):
        stdin.read_line()
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.usefixtures("ctrl_c")
def test_whoever_ignores_interrupts_is_not_interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert stdin.read_bytes(4) == b"read"


def test_closed_input_is_told_and_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not stdin.is_terminal()
    with pytest.raises(InvalidInputError, match="standard input: closed"):
        stdin.read_bytes(4)


def test_input_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise IsADirectoryError(21, "Is a directory")

    monkeypatch.setattr(sys, "stdin", _Pipe(refuse))
    with pytest.raises(InvalidInputError, match="standard input: is a directory"):
        stdin.read_bytes(4)
