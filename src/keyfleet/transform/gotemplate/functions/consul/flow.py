# SPDX-License-Identifier: Apache-2.0
"""consul-template's definitions as functions, counting, and the time.

Source: docs/compat/go-templates.md 19.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.times import format_time, now
from keyfleet.transform.gotemplate.functions.consul.parsing import parse_int
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import INVALID, GoSequence, Int64, kind_of, type_of

FLOW: Final = Table()
_RFC_3339: Final = "2006-01-02T15:04:05Z07:00"


class Counting(GoSequence):
    """A channel of the integers from a start up to, not including, a stop."""

    __slots__ = ("_left",)
    go_type: ClassVar[str] = "<-chan int64"
    go_kind: ClassVar[str] = "chan"

    def __init__(self, start: int, stop: int) -> None:
        """Begin to count; no number is made before it is taken."""
        self._left = iter(range(start, stop))

    def __iter__(self) -> Iterator[Int64]:
        """Return the numbers that nobody has taken yet."""
        return map(Int64, self._left)


@FLOW.function("loop", variadic=ANY)
def loop(*bounds: Any) -> Counting:
    """Return the integers from 0, or the first of two bounds, up to the last one."""
    _check_count("loop", len(bounds), "1 or 2", at_least=1, at_most=2)
    *start, stop = [_bound(bound) for bound in bounds]
    return Counting(start[0] if start else 0, stop)


def _bound(value: Any) -> int:
    kind = kind_of(value)
    if kind == "string":
        return parse_int(value)
    if not kind.startswith(("int", "uint")):
        raise GoError(f"loop: bad argument type: {type_of(value)}")
    return int(Int64.wrap(value))


@FLOW.function("executeTemplate", params=(STRING,), variadic=ANY, run=True)
def execute_template(run: Run, name: str, *dot: Any) -> str:
    """Return the text of a definition."""
    _check_count("executeTemplate", 1 + len(dot), "1 or 2", at_least=1, at_most=2)
    if run.execute is None:
        raise GoError("executeTemplate: there are no definitions here")
    return run.execute(name, dot[0] if dot else INVALID)


@FLOW.function("timestamp", variadic=STRING, run=True)
def timestamp(run: Run, *layout: str) -> str:
    """Return the time in UTC: as RFC 3339, by a layout, or in seconds for `unix`."""
    _check_count("timestamp", len(layout), "0 or 1", at_least=0, at_most=1)
    present = now(run)
    if layout == ("unix",):
        return str(present.unix_s)
    return format_time(run, present, layout[0] if layout else _RFC_3339)


def _check_count(name: str, count: int, expected: str, *, at_least: int, at_most: int) -> None:
    if not at_least <= count <= at_most:
        raise GoError(f"{name}: wrong number of arguments, expected {expected}, but got {count}")
