# SPDX-License-Identifier: Apache-2.0
"""What the terminal can show, and the two streams: data on one, notes for a person on the other."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO

from keyfleet.base.errors import PermanentError
from keyfleet.cli.options import Colour

WIDTH = 80
"""Columns where no terminal tells."""

_PLAIN = str.maketrans(
    {"…": "...", "→": "->", "✔": "ok", "✗": "failed", "■": "no", "►": ">", "·": "-"}
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_COLOURS = {"green": "32", "yellow": "33", "red": "31", "dim": "2", "bold": "1"}


@dataclass(frozen=True, slots=True)
class Look:
    """How text may look."""

    is_ascii: bool = True
    has_colours: bool = False
    width: int = WIDTH

    def paint(self, text: str, colour: str) -> str:
        """Return the text in a colour, where there are any."""
        if not self.has_colours or colour not in _COLOURS:
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    def clean(self, text: str) -> str:
        r"""Return text from outside as this terminal may show it: no controls, no odd letters.

        >>> Look(is_ascii=True).clean("é\x1b[31m…")
        '\\xe9\\x1b[31m...'
        """
        text = _CONTROLS.sub(_escaped, text)
        return _NON_ASCII.sub(_escaped, text.translate(_PLAIN)) if self.is_ascii else text


def _escaped(found: "re.Match[str]") -> str:
    return found[0].encode("unicode_escape").decode()


def look_of(
    stream: TextIO | None, environ: Mapping[str, str], colour: Colour = Colour.AUTO
) -> Look:
    """Return how text on this stream may look; None: it is closed."""
    if stream is None:
        return Look()
    is_terminal = stream.isatty()
    is_plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Look(
        is_ascii=is_plain or not _knows_unicode(stream, environ),
        has_colours=_has_colours(colour, is_terminal=is_terminal and not is_plain),
        width=shutil.get_terminal_size((WIDTH, 24)).columns if is_terminal else WIDTH,
    )


def _has_colours(colour: Colour, *, is_terminal: bool) -> bool:
    return is_terminal if colour is Colour.AUTO else colour is Colour.ALWAYS


def _knows_unicode(stream: TextIO, environ: Mapping[str, str]) -> bool:
    if not (stream.encoding or "").lower().replace("-", "").startswith("utf"):
        return False
    # Under LANG=C Python itself sets LC_CTYPE to a UTF-8 locale (PEP 538): it was not asked for.
    chosen = environ.get("LC_ALL") or _own_ctype(environ) or environ.get("LANG", "")
    return chosen.partition(".")[0] not in ("C", "POSIX") or chosen.upper().endswith("UTF-8")


def _own_ctype(environ: Mapping[str, str]) -> str:
    ctype = environ.get("LC_CTYPE", "")
    return "" if ctype in ("C.UTF-8", "C.utf8", "UTF-8") else ctype


def write_data(text: str) -> None:
    """Print to standard output; a reader that has gone away is no error.

    Raises:
        PermanentError: It is closed, or takes nothing more.
    """
    if sys.stdout is None:
        raise _unwritable("closed")
    with printing():
        _write(sys.stdout, text)


@contextmanager
def printing() -> Iterator[None]:
    """Say it clearly when what prints to standard output cannot.

    Raises:
        PermanentError: It takes nothing more; the disk may be full.
    """
    try:
        yield
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise _unwritable((error.strerror or type(error).__name__).lower()) from None


def note(text: str = "") -> None:
    """Say something to the person who waits, on standard error, if it can be said there."""
    if sys.stderr is None:
        return
    look = look_of(sys.stderr, os.environ)
    try:
        _write(sys.stderr, f"{look.clean(text)}\n")
    except OSError:
        silence(sys.stderr)


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


def _unwritable(reason: str) -> PermanentError:
    return PermanentError("output.unwritable", "cannot be written", f"standard output: {reason}")


def silence(stream: TextIO) -> None:
    """Send what is still in the stream's buffer nowhere, so that ending raises nothing."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
