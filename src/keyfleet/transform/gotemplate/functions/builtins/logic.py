# SPDX-License-Identifier: Apache-2.0
"""Truth and comparison."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from keyfleet.transform.gotemplate.comparing import equal, less
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import VALUE, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.truth import is_true

LOGIC = Table()


@LOGIC.function("and", params=(VALUE,), variadic=VALUE)
def and_(*arguments: Any) -> Any:
    """Return the first argument that is false, the last one if all are true.

    The compiler evaluates its arguments one by one, and none after the one that it returns.
    """
    return next((value for value in arguments if not is_true(value)), arguments[-1])


@LOGIC.function("or", params=(VALUE,), variadic=VALUE)
def or_(*arguments: Any) -> Any:
    """Return the first argument that is true, the last one if all are false."""
    return next((value for value in arguments if is_true(value)), arguments[-1])


@LOGIC.function("not", params=(VALUE,))
def not_(value: Any) -> bool:
    """Return whether the value is false."""
    return not is_true(value)


@LOGIC.function("eq", params=(VALUE,), variadic=VALUE, run=True)
def eq(run: Run, value: Any, *candidates: Any) -> bool:
    """Return whether the value equals one of the candidates."""
    if not candidates:
        raise GoError("missing argument for comparison")
    return any(equal(run, value, candidate) for candidate in candidates)


@LOGIC.function("ne", params=(VALUE, VALUE), run=True)
def ne(run: Run, left: Any, right: Any) -> bool:
    """Return whether the values differ."""
    return not equal(run, left, right)


@LOGIC.function("lt", params=(VALUE, VALUE))
def lt(left: Any, right: Any) -> bool:
    """Return left < right."""
    return less(left, right)


@LOGIC.function("le", params=(VALUE, VALUE), run=True)
def le(run: Run, left: Any, right: Any) -> bool:
    """Return left <= right."""
    return less(left, right) or equal(run, left, right)


@LOGIC.function("gt", params=(VALUE, VALUE), run=True)
def gt(run: Run, left: Any, right: Any) -> bool:
    """Return left > right; true also where one of them is NaN, as in Go."""
    return not le(run, left, right)


@LOGIC.function("ge", params=(VALUE, VALUE))
def ge(left: Any, right: Any) -> bool:
    """Return left >= right; true also where one of them is NaN, as in Go."""
    return not less(left, right)


SHORT_CIRCUITS: Final[Mapping[Callable[..., Any], bool]] = {and_: False, or_: True}
"""The truth after which no more arguments are evaluated."""
