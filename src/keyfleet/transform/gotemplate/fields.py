# SPDX-License-Identifier: Apache-2.0
"""What `.Name` gives: a map's entry, or what an object lists; never a Python attribute.

Source: docs/compat/go-templates.md 8.
"""

from typing import Any, Final, Literal

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import Function
from keyfleet.transform.gotemplate.values import (
    ANY_TYPE,
    INVALID,
    GoMap,
    GoObject,
    element_of,
    type_of,
    zero_of,
)

MissingKey = Literal["default", "invalid", "zero", "error"]
"""What a map gives for a key that it has not."""

_STRING_KEYS: Final = frozenset({"string", ANY_TYPE})


def holds_any(container: Any) -> bool:
    """Return whether what is taken out of it is of type `any`, whatever it holds."""
    return isinstance(container, dict | list) and element_of(container) == ANY_TYPE


def field_of(receiver: Any, name: str, missing: MissingKey, *, is_any: bool) -> Any:
    """Return a field's value.

    Args:
        receiver: What has the field.
        name: The field.
        missing: What to give for a missing key.
        is_any: The receiver was held in an `any`, and errors say so.
    Raises:
        GoError: There is none.
    """
    if receiver is INVALID:
        if missing == "error":
            raise GoError(f'nil data; no entry for key "{name}"')
        return INVALID
    if receiver is None:
        raise GoError(f"nil pointer evaluating {ANY_TYPE}.{name}")
    if isinstance(receiver, dict) and has_string_keys(receiver):
        return receiver[name] if name in receiver else _absent(receiver, name, missing)
    if isinstance(receiver, GoObject):
        found = receiver.fields().get(name, INVALID)
        if found is not INVALID:
            return found
    static_type = ANY_TYPE if is_any else type_of(receiver)
    raise GoError(f"can't evaluate field {name} in type {static_type}")


def method_of(receiver: Any, name: str) -> Function | None:
    """Return the method of an object, None where it has none of that name."""
    return receiver.methods.get(name) if isinstance(receiver, GoObject) else None


def has_string_keys(container: dict[Any, Any]) -> bool:
    """Return whether fields can be keys of a map."""
    return not isinstance(container, GoMap) or container.key in _STRING_KEYS


def _absent(container: dict[Any, Any], name: str, missing: MissingKey) -> Any:
    if missing == "error":
        raise GoError(f'map has no entry for key "{name}"')
    return zero_of(element_of(container)) if missing == "zero" else INVALID
