# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions that make text of values of any type, and those that split and join it.

Source: docs/compat/go-templates.md 16.1.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.formats import splitting
from keyfleet.transform.gotemplate.formats.ordering import sorted_strings
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.functions.table import ANY, INT, STRING, Table
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import (
    GoMap,
    decoded,
    string_map,
    strings,
)

TEXTS: Final = Table()
_LONGEST_ESCAPE: Final = 10
_SMALL: Final = 256
_SLOW: Final = 10
"""How much more than other loops the text of a number costs."""
_COMPARED_PER_STEP: Final = 1 << 14
"""Characters: long strings that begin alike are slow to sort."""


@TEXTS.function("toString", params=(ANY,), run=True)
def text_of(run: Run, value: Any) -> str:
    """Return a value's text: of bytes what they spell, of the rest what `print` writes."""
    return decoded(value) if isinstance(value, bytes) else shown(run, value)


def shown(run: Run, value: Any) -> str:
    """Return what `print` writes, accounted for: a list may hold one large value many times."""
    if type(value) is str:
        return value
    text = printed(value, run)
    run.has_made(text)
    return text


@TEXTS.function("toStrings", params=(ANY,), run=True)
def texts_of(run: Run, value: Any) -> list[str]:
    """Return the texts of a list's elements, or of the value itself; without nil."""
    if isinstance(value, bytes):
        return strings(str(byte) for byte in value)
    if isinstance(value, list):
        run.walk(_SLOW * len(value))
        return strings(text_of(run, item) for item in value if item is not None)
    return strings([] if value is None else [text_of(run, value)])


@TEXTS.function("join", params=(STRING, ANY), run=True)
def join(run: Run, separator: str, value: Any) -> str:
    """Return the texts of a list's elements with the separator between them."""
    return joined_with(run, separator, texts_of(run, value))


def joined_with(run: Run, separator: str, texts: list[str]) -> str:
    """Return the texts with the separator between them."""
    out = Text(run)
    run.walk(len(texts))
    for index, text in enumerate(texts):
        if index:
            out.add(separator)
        out.add(text)
    return out.whole()


@TEXTS.function("quote", variadic=ANY, run=True)
def quote(run: Run, *values: Any) -> str:
    """Return each value's text as a Go string in double quotes; without nil."""
    return joined_with(run, " ", [_quoted(run, value) for value in values if value is not None])


def _quoted(run: Run, value: Any) -> str:
    text = text_of(run, value)
    run.will_make(_LONGEST_ESCAPE * len(text) if len(text) > _SMALL else 0)
    return quoted(text)


@TEXTS.function("squote", variadic=ANY, run=True)
def squote(run: Run, *values: Any) -> str:
    """Return each value as `print` writes it between single quotes; without nil."""
    texts = [shown(run, item) for item in values if item is not None]
    inner = joined_with(run, "' '", texts)
    return f"'{inner}'" if texts else ""


@TEXTS.function("cat", variadic=ANY, run=True)
def cat(run: Run, *values: Any) -> str:
    """Return the values as `print` writes them with spaces between them; without nil."""
    return joined_with(run, " ", [shown(run, item) for item in values if item is not None])


@TEXTS.function("sortAlpha", params=(ANY,), run=True)
def sort_alpha(run: Run, value: Any) -> list[str]:
    """Return the texts of a list's elements, sorted by their bytes."""
    if not isinstance(value, list | bytes):
        return strings([text_of(run, value)])
    texts = texts_of(run, value)
    run.walk(4 * len(texts))
    run.step(sum(map(len, texts)) // _COMPARED_PER_STEP)
    return strings(sorted_strings(texts))


@TEXTS.function("splitList", params=(STRING, STRING), run=True)
def split_list(run: Run, separator: str, text: str) -> list[str]:
    """Return the pieces between the separators; all characters for an empty separator."""
    return strings(splitting.split(run, text, separator))


@TEXTS.function("split", params=(STRING, STRING), run=True)
def split(run: Run, separator: str, text: str) -> GoMap:
    """Return the pieces between the separators as a map with the keys `_0`, `_1` and so on."""
    return split_n(run, separator, -1, text)


@TEXTS.function("splitn", params=(STRING, INT, STRING), run=True)
def split_n(run: Run, separator: str, count: int, text: str) -> GoMap:
    """Return at most so many pieces, the last with the rest of the text; all for less than 0."""
    pieces = splitting.split(run, text, separator, count)
    run.walk(2 * len(pieces))
    return string_map({f"_{index}": piece for index, piece in enumerate(pieces)})
