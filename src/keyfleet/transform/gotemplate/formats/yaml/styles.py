# SPDX-License-Identifier: Apache-2.0
"""In which style a scalar is written: plain, single or double quoted, or as a literal block.

Source: docs/compat/go-templates.md 20.2.
"""

import re
from enum import Enum
from typing import Final, NamedTuple

from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect

BREAKS: Final = "\r\n\x85\u2028\u2029"
_BREAK: Final = re.compile(f"[{BREAKS}]")
_UNPRINTABLE: Final = re.compile(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
"""What is above U+FFFF counts, as in Go."""
_SPACE_BREAK: Final = re.compile(f" [{BREAKS}]")
_BREAK_SPACE: Final = re.compile(f"[{BREAKS}] ")
_INDICATOR: Final = re.compile(
    f"(?:[-?:](?:[ \t\0{BREAKS}]|\\Z)|[#,\\[\\]{{}}&*!|>'\"%@`]|---|\\.\\.\\.)"
)
"""At the beginning of a plain scalar it would be syntax."""
_INDICATOR_WITHIN: Final = re.compile(f":(?:[ \t\0{BREAKS}]|\\Z)|[ \t\0{BREAKS}]#")
_EVERYDAY: Final = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.+=-]*")
_KEY_BYTES_MAX: Final = 128
"""A longer key is written after a question mark."""


class Style(Enum):
    """How a scalar is written."""

    PLAIN = "plain"
    SINGLE = "single quoted"
    DOUBLE = "double quoted"
    LITERAL = "literal block"


class Shape(NamedTuple):
    """What a text allows."""

    is_plain: bool
    is_single: bool
    is_block: bool


_SIMPLE: Final = Shape(is_plain=True, is_single=True, is_block=True)


def shape_of(text: str, dialect: Dialect) -> Shape:
    """Return what can be done with a text of at least one character."""
    if _EVERYDAY.fullmatch(text) and not text.startswith("..."):
        return _SIMPLE
    has_tab = "\t" in text
    printable = text.replace("\t", "") if dialect.has_tabs_in_blocks else text
    is_special = _UNPRINTABLE.search(printable) is not None or _SPACE_BREAK.search(text) is not None
    has_breaks = _BREAK.search(text) is not None
    is_framed = text[0] == " " or text[-1] == " " or text[0] in BREAKS or text[-1] in BREAKS
    breaks_before_space = has_breaks and _BREAK_SPACE.search(text) is not None
    is_single = not is_special and not breaks_before_space and not has_tab
    is_syntax = _INDICATOR.match(text) or _INDICATOR_WITHIN.search(text)
    return Shape(
        is_plain=is_single and not is_framed and not has_breaks and not is_syntax,
        is_single=is_single,
        is_block=not is_special and text[-1] != " ",
    )


def style_of(text: str, dialect: Dialect, *, is_plain: bool) -> Style:
    """Return the style of a text.

    Args:
        text: What to write.
        dialect: Whose rules.
        is_plain: Without quotes it would be read as this text.
    """
    if not text:
        return Style.DOUBLE
    shape = shape_of(text, dialect)
    if "\n" in text:
        return Style.LITERAL if shape.is_block else Style.DOUBLE
    if not is_plain:
        return Style.DOUBLE
    if shape.is_plain:
        return Style.PLAIN
    return Style.SINGLE if shape.is_single else Style.DOUBLE


def is_simple_key(text: str) -> bool:
    """Return whether a key stands on one line with its value."""
    return len(text.encode("utf-8", "surrogateescape")) <= _KEY_BYTES_MAX and not _BREAK.search(
        text
    )
