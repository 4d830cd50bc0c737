# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions that choose between values, and the one that gives up.

Source: docs/compat/go-templates.md 16.4.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.functions.table import ANY, BOOL, STRING, Table
from keyfleet.transform.gotemplate.values import GoObject

DEFAULTS: Final = Table()


@DEFAULTS.function("empty", params=(ANY,))
def is_empty(value: Any) -> bool:
    """Return whether the value is nil, false, zero or without elements; no struct is empty."""
    return not isinstance(value, GoObject) and not value


@DEFAULTS.function("default", params=(ANY,), variadic=ANY)
def default(fallback: Any, *given: Any) -> Any:
    """Return the given value, or the fallback when it is empty or not there."""
    return fallback if not given or is_empty(given[0]) else given[0]


@DEFAULTS.function("coalesce", variadic=ANY)
def coalesce(*values: Any) -> Any:
    """Return the first value that is not empty, else nil."""
    return next((value for value in values if not is_empty(value)), None)


@DEFAULTS.function("all", variadic=ANY)
def are_all_given(*values: Any) -> bool:
    """Return whether no value is empty."""
    return not any(map(is_empty, values))


@DEFAULTS.function("any", variadic=ANY)
def is_any_given(*values: Any) -> bool:
    """Return whether one of the values is not empty."""
    return not all(map(is_empty, values))


@DEFAULTS.function("ternary", params=(ANY, ANY, BOOL))
def ternary(yes: Any, no: Any, condition: bool) -> Any:
    """Return one of two values."""
    return yes if condition else no


@DEFAULTS.function("fail", params=(STRING,))
def fail(message: str) -> str:
    """Stop with the template's own message."""
    raise GoError(Data(message))


@DEFAULTS.function("hello")
def hello() -> str:
    """Return a greeting."""
    return "Hello!"
