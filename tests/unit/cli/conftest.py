"""Golden outputs, as 80 columns without a terminal show them; GOLDEN=write renews them."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keyfleet.cli.options import Format
from keyfleet.cli.output import Answer, rendered
from keyfleet.cli.running import run
from keyfleet.cli.terminal import Look

FOLDER = Path(__file__).parent / "golden"
PLAIN = Look(is_ascii=False, has_colours=False, width=80)

Compare = Callable[[str, str], None]
CompareAnswer = Callable[..., None]
Cli = Callable[..., int]


def _compare(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    assert path.read_text() == text


@pytest.fixture
def golden() -> Compare:
    """Compare a text with the golden file of a name."""
    return _compare


@pytest.fixture
def golden_answer() -> CompareAnswer:
    """Compare an answer in every format; `wide` is the answer that `-o wide` would print."""

    def compare(name: str, answer: Answer, wide: Answer | None = None) -> None:
        for output in Format:
            chosen = wide if wide is not None and output is Format.WIDE else answer
            _compare(f"{name}.{output}", rendered(chosen, output, PLAIN))

    return compare


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run a command line in this process, without anybody's kubeconfig or settings."""
    for name in list(os.environ):
        if name.startswith(("KEYFLEET_", "LC_", "XDG_")) or name in ("KUBECONFIG", "NO_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", ["keyfleet"])

    def call(*words: str, **environ: str) -> int:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return run(words)

    return call
