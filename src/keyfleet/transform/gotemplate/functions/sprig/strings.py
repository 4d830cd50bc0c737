# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions for strings: trimming, cutting, finding, replacing, repeating.

Sizes and positions are bytes. Source: docs/compat/go-templates.md 16.1.
"""

from collections.abc import Callable
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.letters import SPACE
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded, joined, length

STRINGS: Final = Table()
ELLIPSIS: Final = "..."
_OUT_OF_RANGE: Final = "runtime error: slice bounds out of range"
_COMPARED_PER_STEP: Final = 1 << 14
"""Characters."""
_STRAY: Final = "\ufffd" + "".join(map(chr, range(0xDC80, 0xDD00)))
"""Go takes all bytes that are no UTF-8, and U+FFFD, for the same character."""


@STRINGS.function("trim", params=(STRING,))
def trim(text: str) -> str:
    """Return the text without white space at both ends."""
    return text.strip(SPACE)


@STRINGS.function("trimAll", "trimall", params=(STRING, STRING), run=True)
def trim_all(run: Run, characters: str, text: str) -> str:
    """Return the text without any of the characters at both ends."""
    if not characters.isascii():
        run.will_hold(len(characters))
    unwanted = set(characters)
    if not unwanted.isdisjoint(_STRAY):
        unwanted.update(_STRAY)
    run.step(len(text) * len(unwanted) // _COMPARED_PER_STEP)
    return text.strip("".join(unwanted))


@STRINGS.function("trimPrefix", params=(STRING, STRING))
def trim_prefix(prefix: str, text: str) -> str:
    """Return the text without the prefix."""
    return on_bytes(bytes.removeprefix, text, prefix)


@STRINGS.function("trimSuffix", params=(STRING, STRING))
def trim_suffix(suffix: str, text: str) -> str:
    """Return the text without the suffix."""
    return on_bytes(bytes.removesuffix, text, suffix)


def on_bytes(change: Callable[[bytes, bytes], bytes], text: str, affix: str) -> str:
    """Return what a method of `bytes` makes of the text."""
    return decoded(change(encoded(text), encoded(affix)))


@STRINGS.function("contains", params=(STRING, STRING))
def contains(needle: str, text: str) -> bool:
    """Return whether the text holds the needle."""
    return needle in text if needle.isascii() else encoded(needle) in encoded(text)


@STRINGS.function("hasPrefix", params=(STRING, STRING))
def has_prefix(prefix: str, text: str) -> bool:
    """Return whether the text begins so."""
    return text.startswith(prefix) or encoded(text).startswith(encoded(prefix))


@STRINGS.function("hasSuffix", params=(STRING, STRING))
def has_suffix(suffix: str, text: str) -> bool:
    """Return whether the text ends so."""
    return text.endswith(suffix) or encoded(text).endswith(encoded(suffix))


@STRINGS.function("replace", params=(STRING, STRING, STRING), run=True)
def replace(run: Run, old: str, new: str, text: str) -> str:
    """Return the text with `new` wherever `old` was; an empty `old` is before every character."""
    subject, pattern, filling = encoded(text), encoded(old), encoded(new)
    count = subject.count(pattern) if pattern else len(text) + 1
    run.will_make(len(subject) + count * max(0, len(filling) - len(pattern)))
    if pattern:
        return decoded(subject.replace(pattern, filling))
    run.walk(len(text))
    return decoded(encoded(text.replace("", new)))


@STRINGS.function("repeat", params=(INT, STRING), run=True)
def repeat(run: Run, count: int, text: str) -> str:
    """Return the text so many times."""
    if count < 0:
        raise GoError("strings: negative Repeat count")
    run.will_make(count * length(text))
    return joined(text * count) if text else ""


@STRINGS.function("substr", params=(INT, INT, STRING))
def substr(start: int, end: int, text: str) -> str:
    """Return the bytes from start to end; all up to the end for a negative one."""
    raw = encoded(text)
    if start < 0:
        return decoded(go_slice(raw, 0, end))
    if end < 0 or end > len(raw):
        return decoded(go_slice(raw, start, len(raw)))
    return decoded(go_slice(raw, start, end))


def go_slice(raw: bytes, start: int, end: int) -> bytes:
    """Return `raw[start:end]` as Go does.

    Raises:
        GoError: The bounds are out of range.
    """
    if not 0 <= end <= len(raw):
        size = f" with length {len(raw)}" if end >= 0 else ""
        raise GoError(f"{_OUT_OF_RANGE} [:", Data(str(int(end))), f"]{size}")
    if start > end:
        raise GoError(f"{_OUT_OF_RANGE} [", Data(f"{int(start)}:{int(end)}"), "]")
    return raw[start:end]


@STRINGS.function("trunc", params=(INT, STRING))
def trunc(size: int, text: str) -> str:
    """Return the first bytes, or for a negative size the last ones."""
    raw = encoded(text)
    if size < 0:
        return decoded(raw[size:])
    return decoded(raw[:size])


@STRINGS.function("abbrev", params=(INT, STRING))
def abbrev(width: int, text: str) -> str:
    """Return the text, cut to so many bytes with dots for what is gone."""
    return abbreviated(0, width, text)


@STRINGS.function("abbrevboth", params=(INT, INT, STRING))
def abbrev_both(left: int, right: int, text: str) -> str:
    """Return a part of the text with dots for what is gone before and after it."""
    if right < 4 or (left > 0 and right < 7):
        return text
    return abbreviated(left, right, text)


def abbreviated(offset: int, width: int, text: str) -> str:
    """Return the piece of the text that begins near offset, with dots, in so many bytes."""
    raw = encoded(text)
    if width < 4 or (offset > 0 and width < 7) or len(raw) <= width:
        return text
    kept = width - len(ELLIPSIS)
    start = min(offset, len(raw), max(len(raw) - kept, 0)) if offset > 0 else 0
    if start <= 4:
        return decoded(raw[:kept]) + ELLIPSIS
    if start + kept < len(raw):
        return ELLIPSIS + abbreviated(0, kept, decoded(raw[start:]))
    return ELLIPSIS + decoded(raw[len(raw) - kept :])


@STRINGS.function("plural", params=(STRING, STRING, INT))
def plural(one: str, many: str, count: int) -> str:
    """Return `one` for 1, else `many`."""
    return one if count == 1 else many


@STRINGS.function("indent", params=(INT, STRING), run=True)
def indent(run: Run, width: int, text: str) -> str:
    """Return the text with so many spaces before each line, empty ones too."""
    if width < 0:
        raise GoError("strings: negative Repeat count")
    run.will_make(length(text) + width * (text.count("\n") + 1))
    pad = " " * width
    return pad + text.replace("\n", "\n" + pad)


@STRINGS.function("nindent", params=(INT, STRING), run=True)
def nindent(run: Run, width: int, text: str) -> str:
    """Return the indented text after a newline."""
    return "\n" + indent(run, width, text)
