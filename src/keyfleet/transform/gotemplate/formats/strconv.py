# SPDX-License-Identifier: Apache-2.0
"""Numbers and booleans from text, as Go's `strconv` reads them.

Only ASCII digits count, no space is skipped, and underscores may stand between digits. The text
in an error is `Data`.
Source: docs/compat/go-templates.md 16.3.
"""

import math
from itertools import pairwise
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import escaped

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_DECIMALS: Final = _DIGITS[:10]
_HEXADECIMALS: Final = _DIGITS[:16]
_BASES: Final = {"0b": 2, "0o": 8, "0x": 16}
_MOST_DIGITS: Final = 64
"""Of an integer, in base 2."""
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_LONGEST_SHOWN: Final = 1000
"""Characters of a text that an error repeats."""
_TOO_LARGE: Final = '": value out of range'
_INFINITIES: Final = frozenset({"inf", "infinity"})


class OutOfRangeError(GoError):
    """The text is a number that its type cannot hold."""

    def __init__(self, function: str, text: str, nearest: float) -> None:
        """Keep the nearest number that the type holds: Go gives it beside the error."""
        super().__init__(f'strconv.{function}: parsing "', _shown(text), _TOO_LARGE)
        self.nearest = nearest


def parse_bool(text: str) -> bool:
    """Return the boolean.

    Raises:
        GoError: It is none of the spellings that Go knows.
    """
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _invalid("ParseBool", text)


def atoi(text: str) -> int:
    """Return the decimal `int`.

    Raises:
        GoError: It is none, or it is too large.
    """
    return parse_int(text, function="Atoi")


def parse_int(text: str, base: int = 10, bits: int = 64, *, function: str = "ParseInt") -> int:
    """Return the signed integer.

    Args:
        text: Its digits, after a sign if there is one.
        base: 2 to 36, or 0 to follow a prefix such as `0x` and to allow underscores.
        bits: The size of its type.
        function: What an error names.

    Raises:
        GoError: It is none, or it does not fit.
    """
    sign, digits = _without_sign(text)
    largest = (1 << (bits - 1)) - (sign > 0)
    try:
        number = _unsigned(digits, text, base, 64, function)
    except OutOfRangeError:
        number = largest + 1
    if number > largest:
        raise OutOfRangeError(function, text, sign * largest)
    return sign * number


def parse_uint(text: str, base: int = 10, bits: int = 64) -> int:
    """Return the unsigned integer; it may have no sign. See `parse_int`.

    Raises:
        GoError: It is none, or it does not fit.
    """
    return _unsigned(text, text, base, bits, "ParseUint")


def parse_float(text: str) -> float:
    """Return the `float64`; decimal, hexadecimal with an exponent `p`, infinity or NaN.

    Raises:
        GoError: It is none, or it does not fit.
    """
    sign, rest = _without_sign(text.lower())
    if rest in _INFINITIES:
        return sign * math.inf
    if text.lower() == "nan":
        return math.nan
    is_hexadecimal = rest.startswith("0x")
    if not text.isascii() or not _is_float(rest.removeprefix("0x"), is_hexadecimal=is_hexadecimal):
        raise _invalid("ParseFloat", text)
    if not has_good_underscores(rest):
        raise _invalid("ParseFloat", text)
    number = _finite(rest.replace("_", ""), is_hexadecimal=is_hexadecimal)
    if number is None:
        raise OutOfRangeError("ParseFloat", text, sign * math.inf)
    return sign * number


def has_good_underscores(text: str) -> bool:
    """Say if each underscore in a number stands between digits, or after the base's prefix."""
    if "_" not in text:
        return True
    text = text.lower()
    digits = _HEXADECIMALS if text.startswith("0x") else _DECIMALS
    if text[:2] in _BASES:
        text = "0" + text[2:]
    pieces = text.split("_")
    return all(
        before[-1:] and before[-1] in digits and after[:1] and after[0] in digits
        for before, after in pairwise(pieces)
    )


def _unsigned(digits: str, text: str, base: int, bits: int, function: str) -> int:
    """Return the number that `digits` say; `text` is the whole, for errors."""
    rest, allowed = digits.lower(), _DIGITS[:base]
    if base == 0:
        base, rest = _by_prefix(rest)
        allowed = _DIGITS[:base] + "_"
    read = rest[: len(rest) - len(rest.lstrip(allowed))]
    significant = read.replace("_", "").lstrip("0")
    # Go stops at the digit that is too much, and never sees what follows it.
    if len(significant) > _MOST_DIGITS or int(significant or "0", base) >> bits:
        raise OutOfRangeError(function, text, (1 << bits) - 1)
    if not digits or read != rest or ("_" in read and not has_good_underscores(digits)):
        raise _invalid(function, text)
    return int(significant or "0", base)


def _by_prefix(digits: str) -> tuple[int, str]:
    """Return the base that a prefix names and the digits without it."""
    if len(digits) > 2 and digits[:2] in _BASES:
        return _BASES[digits[:2]], digits[2:]
    return (8, digits[1:]) if digits.startswith("0") else (10, digits)


def _without_sign(text: str) -> tuple[int, str]:
    if text[:1] in {"+", "-"}:
        return -1 if text[0] == "-" else 1, text[1:]
    return 1, text


def _is_float(text: str, *, is_hexadecimal: bool) -> bool:
    """Say if the text has the form of a float without sign and prefix."""
    digits = (_HEXADECIMALS if is_hexadecimal else _DECIMALS) + "_"
    rest = text.lstrip(digits)
    if rest.startswith("."):
        rest = rest[1:].lstrip(digits)
    if not text[: len(text) - len(rest)].strip("_."):
        return False
    if not rest:
        return not is_hexadecimal
    exponent = _without_sign(rest[1:])[1]
    return (
        rest[0] == ("p" if is_hexadecimal else "e")
        and exponent[:1].isdigit()
        and not exponent.strip(_DECIMALS + "_")
    )


def _finite(text: str, *, is_hexadecimal: bool) -> float | None:
    try:
        number = float.fromhex(text) if is_hexadecimal else float(text)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _invalid(function: str, text: str) -> GoError:
    return GoError(f'strconv.{function}: parsing "', _shown(text), '": invalid syntax')


def _shown(text: str) -> Data:
    # Most callers drop the error: to escape a megabyte for it would be the dearest part of a call.
    return Data(escaped(text[:_LONGEST_SHOWN]))
