# SPDX-License-Identifier: Apache-2.0
"""Floats as Go's `strconv.FormatFloat` writes them.

Python and Go agree about digits: both give the shortest that read back as the same number, and
both round exactly. They differ in when the exponent is written, and in the binary forms.
Source: docs/compat/go-templates.md 13 and 20.1.
"""

import math
from typing import Final

_SHORTEST: Final = -1
_FRACTION_BITS: Final = 52
_LEAST_EXPONENT: Final = -1074
"""Of the last bit of the smallest numbers."""
_PLAIN_DIGITS: Final = 6
"""Numbers of up to so many digits before the point are written without exponent."""


def float_text(number: float) -> str:
    """Return the number as `%v` writes it.

    >>> float_text(999999.0), float_text(1000000.0), float_text(0.5), float_text(1e-05)
    ('999999', '1e+06', '0.5', '1e-05')
    """
    return format_float(number, "g")


def format_float(number: float, verb: str, precision: int = _SHORTEST) -> str:
    """Return the number in one of Go's forms.

    Args:
        number: What to write.
        verb: `e`, `f`, `g`, `b` (binary exponent), `x` (hexadecimal) or one of `E`, `G`, `X`.
        precision: Digits after the point, for `g` all digits; -1 for as few as are needed to
            read the same number again. The caller bounds it.
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    sign = "-" if math.copysign(1, number) < 0 else ""
    text = sign + _FORMS[verb.lower()](abs(number), precision)
    return text.upper() if verb in "EGX" else text


def _exponent_form(number: float, precision: int) -> str:
    if precision >= 0:
        return f"{number:.{precision}e}"
    digits, point = _digits(number, _SHORTEST)
    return _with_exponent(digits, point)


def _plain_form(number: float, precision: int) -> str:
    if precision >= 0:
        return f"{number:.{precision}f}"
    return _without_exponent(*_digits(number, _SHORTEST))


def _general_form(number: float, precision: int) -> str:
    wanted = precision or 1
    digits, point = _digits(number, wanted)
    if wanted < 0:
        limit = _PLAIN_DIGITS
    else:
        limit = len(digits) if wanted > len(digits) >= point else wanted
    if -4 < point <= limit:
        return _without_exponent(digits, point)
    return _with_exponent(digits, point)


def _binary_form(number: float, _: int) -> str:
    mantissa, exponent = _mantissa(number)
    return f"{mantissa}p{exponent:+d}"


def _hexadecimal_form(number: float, precision: int) -> str:
    mantissa, exponent = _mantissa(number)
    if mantissa:
        missing = _FRACTION_BITS + 1 - mantissa.bit_length()
        mantissa, exponent = mantissa << missing, exponent - missing + _FRACTION_BITS
    else:
        exponent = 0
    if 0 <= precision < _FRACTION_BITS // 4:
        mantissa = _rounded(mantissa, 4 * (_FRACTION_BITS // 4 - precision))
        if mantissa >> (_FRACTION_BITS + 1):
            mantissa, exponent = mantissa >> 1, exponent + 1
    fraction = f"{mantissa & ((1 << _FRACTION_BITS) - 1):013x}"
    fraction = fraction.rstrip("0") if precision < 0 else fraction[:precision].ljust(precision, "0")
    point = "." if fraction else ""
    return f"0x{mantissa >> _FRACTION_BITS}{point}{fraction}p{exponent:+03d}"


_FORMS: Final = {
    "e": _exponent_form,
    "f": _plain_form,
    "g": _general_form,
    "b": _binary_form,
    "x": _hexadecimal_form,
}


def _rounded(mantissa: int, bits: int) -> int:
    """Return the number with its last bits zero, rounded to the nearest, ties to even."""
    kept, lost = mantissa >> bits, mantissa & ((1 << bits) - 1)
    half = 1 << (bits - 1)
    if lost > half or (lost == half and kept & 1):
        kept += 1
    return kept << bits


def _mantissa(number: float) -> tuple[int, int]:
    """Return whole m and e with number = m * 2**e, m as IEEE 754 holds it."""
    exponent = math.frexp(number)[1]
    exponent = max(exponent - _FRACTION_BITS - 1, _LEAST_EXPONENT) if number else _LEAST_EXPONENT
    return int(math.ldexp(number, -exponent)), exponent


def _digits(number: float, count: int) -> tuple[str, int]:
    """Return digits d without final zeros and p with number = 0.d * 10**p."""
    text = repr(number) if count < 0 else f"{number:.{count - 1}e}"
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).rstrip("0")
    point = len(whole) + int(exponent or 0)
    leading = len(digits) - len(digits.lstrip("0"))
    if leading == len(digits):
        return "0", 1
    return digits[leading:], point - leading


def _with_exponent(digits: str, point: int) -> str:
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+03d}"


def _without_exponent(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return digits[:point] + "." + digits[point:]
