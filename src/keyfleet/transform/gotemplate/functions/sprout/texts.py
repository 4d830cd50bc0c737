# SPDX-License-Identifier: Apache-2.0
"""Sprout's functions for strings. Source: docs/compat/go-templates.md 18."""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.functions.sprig.texts import joined_with, text_of
from keyfleet.transform.gotemplate.functions.sprout.casting import cast_texts
from keyfleet.transform.gotemplate.functions.table import ANY, INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, decoded, encoded, nil_list, strings

TEXTS: Final = Table()
_ELLIPSIS: Final = "..."


@TEXTS.function("join", params=(STRING, ANY), run=True)
def join(run: Run, separator: str, value: Any) -> str:
    """Return the texts of a list's elements with the separator between them."""
    return joined_with(run, separator, cast_texts(run, value))


@TEXTS.function("strSlice", params=(ANY,), run=True)
def str_slice(run: Run, value: Any) -> GoList:
    """Return the texts of a list's elements without nil, or of the value itself."""
    found = cast_texts(run, value)
    return strings(found) if found or value is None else nil_list("string")


@TEXTS.function("sortAlpha", params=(ANY,), run=True)
def sort_alpha(run: Run, value: Any) -> GoList:
    """Return the texts of a list's elements, sorted by their bytes."""
    if not isinstance(value, list):
        return strings([text_of(run, value)])
    texts = cast_texts(run, value)
    run.walk(4 * len(texts))
    run.step(sum(map(len, texts)) >> 14)
    return strings(sorted(texts, key=encoded)) if texts else nil_list("string")


@TEXTS.function("substr", params=(INT, INT, STRING))
def substr(start: int, end: int, text: str) -> str:
    """Return the bytes from start to end; less than 0 counts from the end of the text."""
    raw = encoded(text)
    size = len(raw)
    first = max(0, start + size if start < 0 else start)
    last = min(size, end + size if end < 0 else end)
    return decoded(raw[first:last]) if first < last else ""


@TEXTS.function("ellipsis", params=(INT, STRING), run=True)
def ellipsis(run: Run, width: int, text: str) -> str:
    """Return the text, cut to so many characters with dots for what is gone."""
    return ellipsis_both(run, 0, width, text)


@TEXTS.function("ellipsisBoth", params=(INT, INT, STRING), run=True)
def ellipsis_both(run: Run, offset: int, width: int, text: str) -> str:
    """Return the characters from a byte on, with dots for what is gone before and after them."""
    if width < 4 or (offset > 0 and width < 7):
        return text
    raw = encoded(text)
    if not 0 <= offset <= len(raw):
        shown = f"{offset}:{len(raw)}" if offset > 0 else f"{offset}:"
        raise GoError("runtime error: slice bounds out of range [", Data(shown), "]")
    rest = decoded(raw[offset:])
    if len(text) <= width or not rest:
        return rest
    before = _ELLIPSIS if offset else ""
    count = width - len(_ELLIPSIS) - len(before)
    kept = rest.lstrip("".join(map(chr, range(0xDC80, 0xDCC0))))[:count]
    run.will_make(width)
    return f"{before}{kept:\0<{count}}{_ELLIPSIS}"
