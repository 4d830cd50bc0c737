# SPDX-License-Identifier: Apache-2.0
"""Sprig's random strings, numbers and identifiers.

Source: docs/compat/go-templates.md 16.1, 16.3 and 16.9.
"""

from string import ascii_letters, digits
from typing import Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.letters import whole_characters
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run

RANDOMS: Final = Table()
_PRINTABLE: Final = "".join(map(chr, range(32, 127)))
_SLOW: Final = 8
"""A draw costs so much more than another loop's step."""


@RANDOMS.function("randAlphaNum", params=(INT,), run=True)
def rand_alpha_num(run: Run, count: int) -> str:
    """Return so many random letters and digits."""
    return drawn(run, ascii_letters + digits, count)


@RANDOMS.function("randAlpha", params=(INT,), run=True)
def rand_alpha(run: Run, count: int) -> str:
    """Return so many random letters."""
    return drawn(run, ascii_letters, count)


@RANDOMS.function("randNumeric", params=(INT,), run=True)
def rand_numeric(run: Run, count: int) -> str:
    """Return so many random digits."""
    return drawn(run, digits, count)


@RANDOMS.function("randAscii", params=(INT,), run=True)
def rand_ascii(run: Run, count: int) -> str:
    """Return so many random characters from the space to the tilde."""
    return drawn(run, _PRINTABLE, count)


def drawn(run: Run, characters: str, count: int) -> str:
    """Return so many of the characters, each as likely as the others; none for less than 1."""
    if count < 1:
        return ""
    run.will_make(count)
    run.walk(_SLOW * count)
    return "".join(characters[run.random.randrange(0, len(characters))] for _ in range(count))


@RANDOMS.function("randInt", params=(INT, INT), run=True)
def rand_int(run: Run, start: int, stop: int) -> int:
    """Return an integer from start up to, not including, stop."""
    if start >= stop:
        raise GoError("invalid argument to Intn")
    return run.random.randrange(start, stop)


@RANDOMS.function("shuffle", params=(STRING,), run=True)
def shuffle(run: Run, text: str) -> str:
    """Return the characters in random order."""
    run.will_hold(len(text))
    run.walk(_SLOW * len(text))
    characters = list(whole_characters(text))
    for last in range(len(characters) - 1, 0, -1):
        other = run.random.randrange(0, last + 1)
        characters[last], characters[other] = characters[other], characters[last]
    return "".join(characters)


@RANDOMS.function("uuidv4", run=True)
def uuidv4(run: Run) -> str:
    """Return a random UUID."""
    number = int.from_bytes(run.random.randbytes(16), "big")
    number = number & ~(0xF << 76) | 4 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
