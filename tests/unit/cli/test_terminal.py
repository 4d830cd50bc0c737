"""What a terminal can show, and readers that go away."""

import io
import os
import subprocess
import sys

import pytest

from keyfleet.cli.options import Colour
from keyfleet.cli.terminal import Look, look_of


class _Stream(io.StringIO):
    def __init__(self, *, encoding: str = "utf-8", is_terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._is_terminal = encoding, is_terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("environ", "is_ascii"),
    [
        ({}, False),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"TERM": "dumb"}, True),
        ({"NO_COLOR": "1"}, True),
        ({"NO_COLOR": ""}, False),
    ],
)
def test_plain_settings_mean_ascii(environ: dict[str, str], is_ascii: bool) -> None:
    """`LC_CTYPE=C.UTF-8` is what Python itself sets under LANG=C."""
    assert is_ascii is look_of(_Stream(), environ).is_ascii


def test_a_stream_that_cannot_unicode_gets_ascii() -> None:
    assert look_of(_Stream(encoding="iso-8859-1"), {}).is_ascii


@pytest.mark.parametrize(
    ("colour", "is_terminal", "environ", "has_colours"),
    [
        (Colour.AUTO, True, {}, True),
        (Colour.AUTO, False, {}, False),
        (Colour.AUTO, True, {"NO_COLOR": "1"}, False),
        (Colour.AUTO, True, {"TERM": "dumb"}, False),
        (Colour.NEVER, True, {}, False),
        (Colour.ALWAYS, False, {}, True),
    ],
)
def test_colours_follow_the_flag_then_the_terminal(
    colour: Colour, is_terminal: bool, environ: dict[str, str], has_colours: bool
) -> None:
    assert has_colours is look_of(_Stream(is_terminal=is_terminal), environ, colour).has_colours


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    for look in (Look(is_ascii=True), Look(is_ascii=False)):
        assert "\x1b" not in look.clean("a\x1b]0;title\x07b\u202ec")


def test_ascii_says_the_same_in_plain_letters() -> None:
    assert Look(is_ascii=True).clean("a → b…  ✔ é") == "a -> b...  ok \\xe9"


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`keyfleet install --print | head -1` ends without a traceback."""
    script = (
        "import os, sys; r, w = os.pipe(); os.dup2(w, 1); os.close(w); os.close(r)\n"
        "from keyfleet.cli.running import run; sys.exit(run(['install', '--print']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, env={**os.environ}
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("word", "target", "reason"),
    [
        ("version", "> /dev/full", "no space left on device"),
        ("--help", "> /dev/full", "no space left on device"),
        ("version", ">&-", "closed"),
    ],
)
def test_output_that_takes_nothing_is_one_clear_error(word: str, target: str, reason: str) -> None:
    """Also when the program ends, where what is left in the buffer is written."""
    done = _redirected(word, target)
    told = f"Error: cannot be written: standard output: {reason}\nDocs: output.unwritable\n"
    assert (done.returncode, done.stderr) == (3, told)


@pytest.mark.parametrize("target", ["2>&-", "2> /dev/full"])
def test_notes_that_nobody_can_read_change_nothing(target: str) -> None:
    done = _redirected("validate", target)
    assert (done.returncode, done.stdout) == (2, "")


def _redirected(word: str, target: str) -> "subprocess.CompletedProcess[str]":
    script = "import sys; from keyfleet.cli.running import run; sys.exit(run(sys.argv[1:]))"
    shell = ["/bin/sh", "-c", f'exec "$@" {target}', "sh", sys.executable, "-c", script, word]
    return subprocess.run(shell, capture_output=True, check=False, text=True)
