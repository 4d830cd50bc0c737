# SPDX-License-Identifier: Apache-2.0
"""Floats and complex numbers in `printf`.

Source: docs/compat/go-templates.md 13.
"""

from dataclasses import replace
from typing import Final

from keyfleet.base.gofloats import format_float
from keyfleet.transform.gotemplate.formatting.directive import Directive

_FORMS: Final = {
    "v": ("g", -1), "b": ("b", -1), "g": ("g", -1), "G": ("G", -1), "x": ("x", -1),
    "X": ("X", -1), "e": ("e", 6), "E": ("E", 6), "f": ("f", 6), "F": ("f", 6),
}  # fmt: skip
_KEPT_DIGITS: Final = 6
"""What `#` keeps where no precision says how many."""


def float_directive_text(number: float, how: Directive) -> str | None:
    """Return the float as the verb writes it, None if the verb is not for floats."""
    if how.verb not in _FORMS:
        return None
    form, default = _FORMS[how.verb]
    precision = default if how.precision is None else how.precision
    text = format_float(number, form, precision)
    sign, text = (text[0], text[1:]) if text[0] in "+-" else ("+", text)
    if sign == "+" and how.space and not how.plus:
        sign = " "
    if text in {"Inf", "NaN"}:
        return _not_finite(sign, text, how)
    if how.sharp and form != "b":
        text = _with_point(text, form, precision)
    if sign == "+" and not how.plus:
        sign = ""
    # Without a sign, `padded` fills with zeros in the same place.
    if sign and how.fills_with_zeros:
        text = text.rjust((how.width or 0) - 1, "0")
    return how.padded(sign + text)


def complex_text(number: complex, how: Directive) -> str | None:
    """Return the complex number as the verb writes it, None if the verb is not for them."""
    real = float_directive_text(number.real, how)
    imaginary = float_directive_text(number.imag, replace(how, plus=True))
    return None if real is None else f"({real}{imaginary}i)"


def _not_finite(sign: str, text: str, how: Directive) -> str:
    if text == "NaN" and sign == "+" and not how.plus:
        sign = ""
    return how.padded(sign + text, with_zeros=False)


def _with_point(text: str, form: str, precision: int) -> str:
    """Return the number with a decimal point, and with the zeros that `%g` drops."""
    mark = "p" if form in "xX" else "e"
    at = text.lower().find(mark)
    number, tail = (text, "") if at < 0 else (text[:at], text[at:])
    missing = 0
    if form in "gGx":
        wanted = _KEPT_DIGITS if precision < 0 else precision
        missing = wanted - len(number.replace(".", "").lstrip("0"))
        if number == "0":
            missing -= 1
    if "." not in number:
        number += "."
    return number + "0" * max(missing, 0) + tail
