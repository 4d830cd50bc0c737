# SPDX-License-Identifier: Apache-2.0
"""What `eq` and `lt` say: values compare by kind, and not every kind with every other.

Source: docs/compat/go-templates.md 12.
"""

from collections.abc import Mapping
from typing import Any, Final

from keyfleet.transform.gotemplate.equality import is_nil
from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import INVALID, encoded, kind_of, type_of

_BASIC: Final[Mapping[str, str]] = {
    "bool": "bool",
    "string": "string",
    "complex128": "complex",
    **dict.fromkeys(("int", "int8", "int16", "int32", "int64"), "int"),
    **dict.fromkeys(("uint", "uint8", "uint16", "uint32", "uint64"), "uint"),
    **dict.fromkeys(("float32", "float64"), "float"),
}
"""The kinds that compare by value, and what they are called together."""
_ORDERED: Final = frozenset({"string", "int", "uint", "float"})
_INTEGERS: Final = frozenset({"int", "uint"})


def equal(run: Run, left: Any, right: Any) -> bool:
    """Return whether two values are equal; nil equals nil only.

    Raises:
        GoError: Values of these types are never compared.
    """
    one, other = _BASIC.get(kind_of(left)), _BASIC.get(kind_of(right))
    if one == other:
        return bool(left == right) if one else _equal_others(run, left, right)
    if _is_nothing(left) or _is_nothing(right):
        return False
    if {one, other} == _INTEGERS:
        return bool(left == right)
    raise _incompatible(left, right)


def less(left: Any, right: Any) -> bool:
    """Return whether the first comes before the second.

    Raises:
        GoError: Values of these types have no order.
    """
    one, other = _BASIC.get(kind_of(left)), _BASIC.get(kind_of(right))
    if one is None or other is None:
        raise GoError("invalid type for comparison")
    if one != other and {one, other} != _INTEGERS:
        raise _incompatible(left, right)
    if one not in _ORDERED:
        raise GoError("invalid type for comparison")
    if one == "string" and not (left.isascii() and right.isascii()):
        return encoded(left) < encoded(right)
    return bool(left < right)


def _equal_others(run: Run, left: Any, right: Any) -> bool:
    """Compare what has no basic kind."""
    if _is_nothing(left) or _is_nothing(right):
        return _is_nil(left) and _is_nil(right)
    if kind_of(left) != kind_of(right):
        raise _non_comparable_types(run, left, right)
    if _is_nil(left) or _is_nil(right):
        return _is_nil(left) and _is_nil(right)
    if isinstance(left, list | dict | bytes):
        raise GoError("non-comparable type ", _shown(run, right), f": {type_of(right)}")
    return left is right or (type(left) is type(right) and bool(left == right))


def _is_nothing(value: Any) -> bool:
    return value is None or value is INVALID


def _is_nil(value: Any) -> bool:
    return _is_nothing(value) or is_nil(value)


def _incompatible(left: Any, right: Any) -> GoError:
    return GoError(f"incompatible types for comparison: {type_of(left)} and {type_of(right)}")


def _non_comparable_types(run: Run, left: Any, right: Any) -> GoError:
    return GoError(
        "non-comparable types ", _shown(run, left),
        f": {type_of(left)}, {type_of(right)}: ", Data(sprintf(run, "%v", [right])),
    )  # fmt: skip


def _shown(run: Run, value: Any) -> Data:
    return Data(sprintf(run, "%s", [value]))
