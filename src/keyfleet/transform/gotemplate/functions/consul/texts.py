# SPDX-License-Identifier: Apache-2.0
"""consul-template's functions for strings.

Source: docs/compat/go-templates.md 19.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats import regexp, splitting
from keyfleet.transform.gotemplate.formats.letters import SPACE, to_lower, to_upper
from keyfleet.transform.gotemplate.formats.titles import titled
from keyfleet.transform.gotemplate.functions.sprig import strings as sprig
from keyfleet.transform.gotemplate.functions.table import INT, STRING, STRINGS, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import (
    GoList,
    GoMap,
    joined,
    length,
    string_map,
    strings,
    type_of,
)

TEXTS: Final = Table()

_ONE: Final = (STRING,)
_TWO: Final = (STRING, STRING)
_THREE: Final = (STRING, STRING, STRING)

TEXTS.function("toLower", params=_ONE, run=True)(to_lower)
TEXTS.function("toUpper", params=_ONE, run=True)(to_upper)
TEXTS.function("trim", params=_TWO, run=True)(sprig.trim_all)
TEXTS.function("trimPrefix", params=_TWO)(sprig.trim_prefix)
TEXTS.function("trimSpace", params=_ONE)(sprig.trim)
TEXTS.function("trimSuffix", params=_TWO)(sprig.trim_suffix)
TEXTS.function("replaceAll", params=_THREE, run=True)(sprig.replace)
TEXTS.function("regexMatch", params=_TWO, run=True)(regexp.is_match)


@TEXTS.function("toTitle", params=_ONE, run=True)
def to_title(run: Run, text: str) -> str:
    """Return the text with the first letter of every word in title case."""
    return titled(run, text, lowers_rest=False)


@TEXTS.function("regexReplaceAll", params=_THREE, run=True)
def regex_replace_all(run: Run, pattern: str, replacement: str, text: str) -> str:
    """Return the text with every match replaced; the replacement comes before the text."""
    return regexp.replace_all(run, pattern, text, replacement)


@TEXTS.function("indent", params=(INT, STRING), run=True)
def indent(run: Run, width: int, text: str) -> str:
    """Return the text with so many spaces before each line that is not empty."""
    if width < 0:
        raise GoError("indent value must be a positive integer")
    run.will_make(length(text) + width * (text.count("\n") + 1))
    run.will_hold(text.count("\n") + 1)
    pad = " " * width
    return "\n".join([pad + line if line else "" for line in text.split("\n")])


@TEXTS.function("split", params=_TWO, run=True)
def split(run: Run, separator: str, text: str) -> GoList:
    """Return the pieces of the text, which is trimmed first; none of an empty one."""
    trimmed = text.strip(SPACE)
    return strings(splitting.split(run, trimmed, separator) if trimmed else ())


@TEXTS.function("splitToMap", params=_THREE, run=True)
def split_to_map(run: Run, between: str, within: str, text: str) -> GoMap:
    """Return the pieces of the text as keys and values; what has no value is left out."""
    pairs = [_cut(run, piece, within) for piece in split(run, between, text)]
    return string_map({pair[0]: pair[1] for pair in pairs if len(pair) == 2})


def _cut(run: Run, piece: str, separator: str) -> list[str]:
    return splitting.split(run, piece, separator, 2) if separator else ["", piece]


@TEXTS.function("join", params=(STRING, STRINGS), run=True)
def join(run: Run, separator: str, pieces: list[Any]) -> str:
    """Return the strings with the separator between them."""
    if not all(isinstance(piece, str) for piece in pieces):
        raise GoError(f"wrong type for value; expected []string; got {type_of(pieces)}")
    run.walk(len(pieces))
    run.will_make(sum(map(length, pieces)) + length(separator) * len(pieces))
    return joined(separator.join(pieces))
