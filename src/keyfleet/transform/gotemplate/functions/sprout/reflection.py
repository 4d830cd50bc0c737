# SPDX-License-Identifier: Apache-2.0
"""Sprout's functions about types, and copies. Source: docs/compat/go-templates.md 18."""

from typing import Any, Final

from keyfleet.transform.gotemplate.equality import deep_equal
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.merging import deep_copy
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoObject, kind_of

REFLECTION: Final = Table()
REFLECTION.function("deepEqual", params=(ANY, ANY), run=True)(deep_equal)


@REFLECTION.function("kindOf", params=(ANY,))
def kind(value: Any) -> str:
    """Return the name of the value's kind."""
    if value is None:
        raise GoError("value must not be nil")
    return kind_of(value)


@REFLECTION.function("kindIs", params=(STRING, ANY))
def kind_is(name: str, value: Any) -> bool:
    """Return whether the value is of that kind."""
    return kind(value) == name


@REFLECTION.function("hasField", params=(STRING, ANY))
def has_field(name: str, value: Any) -> bool:
    """Return whether a struct has a field of that name."""
    if not isinstance(value, GoObject) or kind_of(value) not in {"struct", "ptr"}:
        raise GoError("last argument must be a struct")
    return name in value.fields()


@REFLECTION.function("deepCopy", "mustDeepCopy", params=(ANY,), run=True)
def copy(run: Run, value: Any) -> Any:
    """Return a copy that shares no list and no map with the original."""
    if value is None:
        raise GoError("value cannot be nil")
    return deep_copy(run, value)
