# SPDX-License-Identifier: Apache-2.0
"""Strings and characters as Go source writes them (`strconv.Quote`), and back.

Go prints a character as it is when it is a letter, mark, number, punctuation, symbol or the ASCII
space, which is what Python's `str.isprintable` asks too. The bytes of invalid UTF-8 are lone
surrogates here, which are never printable.
Source: docs/compat/go-templates.md 13.
"""

from typing import Final

_NAMED: Final = {
    7: r"\a", 8: r"\b", 9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r", 92: r"\\",
}  # fmt: skip
_FIRST_BYTE: Final = 0xDC80
_LAST_BYTE: Final = 0xDCFF
_NEVER_RAW: Final = [chr(code) for code in (*range(0x20), 0x7F, 0xFEFF) if chr(code) != "\t"]


class _Escapes(dict[int, str]):
    """What stands for a code point, as `str.translate` asks; ASCII is kept."""

    def __init__(self, quote: str, *, only_ascii: bool = False) -> None:
        super().__init__(_NAMED)
        self[ord(quote)] = "\\" + quote
        self._highest = 0x7E if only_ascii else 0x10FFFF
        for code in range(0x80):
            self.setdefault(code, self._escaped(code))

    def __missing__(self, code: int) -> str:
        return self._escaped(code)

    def _escaped(self, code: int) -> str:
        if code <= self._highest and chr(code).isprintable():
            return chr(code)
        if code < 0x80:
            return f"\\x{code:02x}"
        if _FIRST_BYTE <= code <= _LAST_BYTE:
            return f"\\x{code & 0xFF:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_STRING: Final = _Escapes('"')
_ASCII_STRING: Final = _Escapes('"', only_ascii=True)
_CHARACTER: Final = _Escapes("'")
_ASCII_CHARACTER: Final = _Escapes("'", only_ascii=True)


def quoted(text: str) -> str:
    r"""Return the text as a Go string in double quotes; at most ten times as long.

    >>> print(quoted('a "b"\n'))
    "a \"b\"\n"
    """
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    """Return what stands between the quotes of `quoted`."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return _translated(text, _STRING)


def quoted_ascii(text: str) -> str:
    """Return the same with every other character than ASCII escaped."""
    return f'"{_translated(text, _ASCII_STRING)}"'


def quoted_character(character: str, *, only_ascii: bool = False) -> str:
    """Return one character as a Go character constant."""
    return f"'{character.translate(_ASCII_CHARACTER if only_ascii else _CHARACTER)}'"


def can_be_raw(text: str) -> bool:
    """Say if a string in backquotes can hold the text."""
    if "`" in text or text.isprintable():
        return "`" not in text
    return not any(character in text for character in _NEVER_RAW) and _is_valid(text)


def _translated(text: str, escapes: _Escapes) -> str:
    if text.isascii():
        return text.translate(escapes)
    # Each character that occurs is looked at once, however often it does.
    return text.translate({code: escapes[code] for code in map(ord, set(text))})


def _is_valid(text: str) -> bool:
    """Say if the text is without bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
