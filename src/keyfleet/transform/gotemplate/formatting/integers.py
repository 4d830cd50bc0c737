# SPDX-License-Identifier: Apache-2.0
"""Integers in `printf`.

Source: docs/compat/go-templates.md 13.
"""

from typing import Final

from keyfleet.transform.gotemplate.formats.quoting import quoted_character
from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.values import SizedInt

_BASES: Final = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "x": "0x", "X": "0X"}
_REPLACEMENT: Final = "\ufffd"


def integer_text(number: int, how: Directive) -> str | None:
    """Return the integer as the verb writes it, None if the verb is not for integers."""
    match how.verb:
        case "v" if how.is_syntax and isinstance(number, SizedInt) and not number.is_signed:
            return _based(number, how, "x", prefix="0x")
        case "d" | "v" | "b" | "o" | "O" | "x" | "X":
            return _based(number, how, _BASES[how.verb], prefix=_PREFIXES.get(how.verb, ""))
        case "c":
            return how.padded(_character(number))
        case "q":
            return how.padded(quoted_character(_character(number), only_ascii=how.plus))
        case "U":
            return _code_point(number, how)
    return None


def _based(number: int, how: Directive, base: str, *, prefix: str) -> str:
    if how.precision == 0 and number == 0:
        return how.padded("", with_zeros=False)
    sign = "-" if number < 0 else "+" if how.plus else " " if how.space else ""
    least = how.precision or 0
    if how.precision is None and how.fills_with_zeros and how.width:
        least = how.width - len(sign)
    digits = format(abs(number), base).rjust(least, "0")
    if how.is_syntax and prefix:
        digits = prefix + digits
    elif how.sharp:
        digits = _with_prefix(digits, base, prefix)
    if how.verb == "O":
        digits = "0o" + digits
    return how.padded(sign + digits, with_zeros=False)


def _with_prefix(digits: str, base: str, prefix: str) -> str:
    if base == "o":
        return digits if digits.startswith("0") else "0" + digits
    return prefix + digits


def _code_point(number: int, how: Directive) -> str:
    # A negative number is the unsigned one with the same bits.
    digits = format(number & (1 << 64) - 1, "X")
    text = "U+" + digits.rjust(max(how.precision or 0, 4), "0")
    if how.sharp and 0 <= number <= 0x10FFFF and chr(number).isprintable():
        text += f" '{chr(number)}'"
    return how.padded(text, with_zeros=False)


def _character(number: int) -> str:
    is_valid = 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_valid else _REPLACEMENT
