# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions about types, and deep equality.

Source: docs/compat/go-templates.md 16.7 and 16.9.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.equality import deep_equal
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.values import kind_of, type_of

REFLECTION: Final = Table()

REFLECTION.function("typeOf", params=(ANY,))(type_of)
REFLECTION.function("kindOf", params=(ANY,))(kind_of)
REFLECTION.function("deepEqual", params=(ANY, ANY), run=True)(deep_equal)


@REFLECTION.function("typeIs", params=(STRING, ANY))
def type_is(name: str, value: Any) -> bool:
    """Return whether the value's type has this name."""
    return type_of(value) == name


@REFLECTION.function("typeIsLike", params=(STRING, ANY))
def type_is_like(name: str, value: Any) -> bool:
    """Return whether the value's type has this name or is a pointer to it."""
    return type_of(value) in {name, f"*{name}"}


@REFLECTION.function("kindIs", params=(STRING, ANY))
def kind_is(name: str, value: Any) -> bool:
    """Return whether the value is of this kind."""
    return kind_of(value) == name
