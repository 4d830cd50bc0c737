# SPDX-License-Identifier: Apache-2.0
"""Values as numbers and texts, with an error where there is no way.

Source: docs/compat/go-templates.md 18.
"""

from collections.abc import Callable
from typing import Any

from keyfleet.base.gofloats import format_float
from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.casting import as_float, as_integer, truncated
from keyfleet.transform.gotemplate.formats.strconv import parse_float, parse_int, parse_uint
from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import (
    GoObject,
    SizedInt,
    decoded,
    type_of,
    wrapped,
)


def uncastable(run: Run, value: Any, target: str, *reason: str | Data) -> GoError:
    """Return the error that a value cannot become one of a type."""
    shown = Data(sprintf(run, "%#v", [value]))
    kind = type_of(value).removeprefix("*")
    return GoError("unable to cast ", shown, f" of type {kind} to {target}", *reason)


def cast_integer(run: Run, value: Any, target: str) -> int:
    """Return the value as an integer of 64 bits.

    Raises:
        GoError: It is none.
    """
    if isinstance(value, str):
        return _parsed(run, value, target, parse_int)
    number = as_integer(value) if _is_castable(value) else None
    if number is None:
        raise uncastable(run, value, target)
    return number


def cast_unsigned(run: Run, value: Any, target: str) -> int:
    """Return the value as an integer of 64 bits without a sign.

    Raises:
        GoError: It is none, or less than zero.
    """
    if isinstance(value, str):
        return _parsed(run, value, target, _parse_unsigned)
    if isinstance(value, int | float) and value < 0:
        raise GoError("unable to cast negative value")
    return wrapped(cast_integer(run, value, target), is_signed=False)


def _parsed(run: Run, text: str, target: str, parse: Callable[[str, int], int]) -> int:
    try:
        return parse(_without_decimals(text) or "0", 0)
    except GoError as error:
        raise uncastable(run, text, target, ": ", *error.parts) from None


def _parse_unsigned(text: str, base: int) -> int:
    return parse_uint(text.removeprefix("+"), base)


def _without_decimals(text: str) -> str:
    """Return `12` for `12.5` and `0` for `.5`; all but digits around a point as it is."""
    whole, point, decimals = text.partition(".")
    digits = whole[1:] if whole[:1] in ("+", "-") else whole
    if not point or not f"0{digits}{decimals}".isdecimal() or not text.isascii():
        return text
    return whole if digits else "0"


def cast_float(run: Run, value: Any) -> float:
    """Return the value as a `float64`.

    Raises:
        GoError: It is no number.
    """
    if isinstance(value, str):
        return _parsed_float(run, value)
    number = as_float(value) if _is_castable(value) else None
    if number is None:
        raise uncastable(run, value, "float64")
    return number


def _parsed_float(run: Run, text: str) -> float:
    try:
        return parse_float(text) if text else 0.0
    except GoError as error:
        raise uncastable(run, text, "float64", ": ", *error.parts) from None


def _is_castable(value: Any) -> bool:
    return not isinstance(value, GoObject) or isinstance(value, SizedInt)


def cast_text(run: Run, value: Any) -> str:
    """Return the text of a plain value, an empty one of lists, maps and others."""
    match value:
        case str():
            return value
        case bytes():
            return decoded(value)
        case GoObject():
            return value.go_string() or ""
        case bool() | int():
            return printed(value, run)
        case float():
            return format_float(value, "f")
    return ""


def cast_texts(run: Run, value: Any) -> list[str]:
    """Return the texts of a list's elements without nil, or of the value itself."""
    if value is None:
        return []
    if not isinstance(value, list):
        return [cast_text(run, value)]
    run.walk(4 * len(value))
    return [cast_text(run, item) for item in value if item is not None]


def of_type_like(value: Any, number: float) -> int | float:
    """Return the number in the type of a value, as Go converts floats to it.

    Raises:
        GoError: The value is no number.
    """
    if isinstance(value, bool | str):
        kind = type_of(value)
        raise GoError(
            f"reflect.Value.Convert: value of type float64 cannot be converted to type {kind}"
        )
    if isinstance(value, SizedInt):
        whole = int(number) if 2**63 <= number < 2**64 else truncated(number)
        return type(value).wrap(whole)
    return truncated(number) if isinstance(value, int) else number
