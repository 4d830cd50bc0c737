# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from keyfleet.base.errors import UnreachableError
from keyfleet.observe.tracebacks import CHAIN_MAX, format_exception, render_exc_info

CANARY = "kf-canary-trace"


def _raise(error: BaseException, cause: BaseException | None = None) -> BaseException:
    def fail(hidden_local: str) -> None:
        assert hidden_local
        raise error from cause

    with pytest.raises(type(error)) as caught:
        fail(CANARY)
    return caught.value


def test_shows_frames_without_locals_and_no_foreign_message() -> None:
    text = format_exception(_raise(ValueError(CANARY)))
    assert "Traceback (most recent call last):" in text
    assert "in fail" in text
    assert text.endswith("\nValueError")
    assert CANARY not in text


def test_shows_our_own_message() -> None:
    error = _raise(UnreachableError("kube.unreachable", "no answer", "east"))
    assert format_exception(error).endswith("UnreachableError: kube.unreachable: no answer: east")


def test_shows_the_cause_first() -> None:
    text = format_exception(_raise(KeyError(CANARY), _raise(OSError(0, "refused"))))
    assert text.index("OSError: refused") < text.index("direct cause") < text.index("KeyError")
    assert CANARY not in text


def test_shows_a_context_only_when_it_is_not_suppressed() -> None:
    error = _raise(KeyError("x"))
    error.__context__ = _raise(ValueError(CANARY))
    error.__suppress_context__ = False
    assert "ValueError" in format_exception(error)
    error.__suppress_context__ = True
    assert "ValueError" not in format_exception(error)


def test_shows_each_member_of_a_group() -> None:
    group = ExceptionGroup(CANARY, [ValueError(CANARY), OSError(0, "not permitted")])
    text = format_exception(_raise(group))
    assert "  | ValueError" in text
    assert "  | OSError: not permitted" in text
    assert CANARY not in text


def test_a_long_chain_is_bounded() -> None:
    error: BaseException = ValueError(0)
    for _ in range(CHAIN_MAX * 3):
        error = _raise(ValueError(1), error)
    assert format_exception(error).count("direct cause") == CHAIN_MAX
    assert "not shown" in format_exception(error)


@pytest.mark.parametrize("exc_info", [None, False, (None, None, None)])
def test_no_exception_adds_nothing(exc_info: object) -> None:
    assert render_exc_info(None, "info", {"event": "x", "exc_info": exc_info}) == {"event": "x"}


def test_true_means_the_exception_being_handled() -> None:
    event: dict[str, object] = {"event": "x", "exc_info": True}
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError:
        render_exc_info(None, "error", event)
    assert str(event["exception"]).endswith(": No such file or directory: /nowhere/at/all")
