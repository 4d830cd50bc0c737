# SPDX-License-Identifier: Apache-2.0
"""Sprout's conversions to numbers, booleans and times. Source: docs/compat/go-templates.md 18."""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.strconv import parse_bool, parse_int
from keyfleet.transform.gotemplate.formats.time.durations import Duration, parse_duration
from keyfleet.transform.gotemplate.formats.time.layout_reading import parse_time
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.time.zones import zone
from keyfleet.transform.gotemplate.functions.sprout.casting import (
    cast_float,
    cast_integer,
    cast_unsigned,
    uncastable,
)
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoObject, Int64, SizedInt, Uint, Uint64

CONVERSION: Final = Table()
_UNITS: Final = frozenset("nsuµmh")


@CONVERSION.function("toInt", params=(ANY,), run=True)
def to_int(run: Run, value: Any) -> int:
    """Return the value as an `int`."""
    return cast_integer(run, value, "int")


@CONVERSION.function("toInt64", params=(ANY,), run=True)
def to_int64(run: Run, value: Any) -> Int64:
    """Return the value as an `int64`."""
    return Int64(cast_integer(run, value, "int64"))


@CONVERSION.function("toUint", params=(ANY,), run=True)
def to_uint(run: Run, value: Any) -> Uint:
    """Return the value as a `uint`."""
    return Uint(cast_unsigned(run, value, "uint"))


@CONVERSION.function("toUint64", params=(ANY,), run=True)
def to_uint64(run: Run, value: Any) -> Uint64:
    """Return the value as a `uint64`."""
    return Uint64(cast_unsigned(run, value, "uint64"))


CONVERSION.function("toFloat64", params=(ANY,), run=True)(cast_float)


@CONVERSION.function("toBool", params=(ANY,), run=True)
def to_bool(run: Run, value: Any) -> bool:
    """Return whether a number is not zero, or what a text says."""
    if isinstance(value, str):
        return parse_bool(value)
    is_number = isinstance(value, int | float)
    if value is not None and not is_number:
        raise uncastable(run, value, "bool")
    return bool(value)


@CONVERSION.function("toOctal", params=(ANY,), run=True)
def to_octal(run: Run, value: Any) -> Int64:
    """Return the number that the value's digits are in base 8."""
    try:
        return Int64(parse_int(printed(value, run), 8))
    except GoError as error:
        raise GoError("failed to parse octal: ", *error.parts) from None


@CONVERSION.function("toDuration", params=(ANY,), run=True)
def to_duration(run: Run, value: Any) -> Duration:
    """Return what a text says, or so many nanoseconds."""
    if isinstance(value, str):
        return parse_duration(value if not _UNITS.isdisjoint(value) else value + "ns")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and (not is_number or _is_other_object(value)):
        raise uncastable(run, value, "time.Duration")
    return Duration(cast_integer(run, value, "time.Duration"))


def _is_other_object(value: Any) -> bool:
    return isinstance(value, GoObject) and not isinstance(value, SizedInt)


@CONVERSION.function("toDate", "mustToDate", params=(STRING, STRING), run=True)
def to_date(run: Run, layout: str, text: str) -> GoTime:
    """Read a time by its layout."""
    return parse_time(run, layout, text)


@CONVERSION.function("toLocalDate", params=(STRING, STRING, STRING), run=True)
def to_local_date(run: Run, layout: str, zone_name: str, text: str) -> GoTime:
    """Read a time by its layout, in a zone."""
    return parse_time(run, layout, text, zone(zone_name))
