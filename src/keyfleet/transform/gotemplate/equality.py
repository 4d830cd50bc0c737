# SPDX-License-Identifier: Apache-2.0
"""Deep equality with types: Go's `reflect.DeepEqual`.

`1` of type int equals neither `1` of type int64 nor `1.0`; a nil list is not an empty one.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, GoMap, GoObject, type_of

_SCALARS: Final = frozenset({str, int, bool, float, complex, bytes, type(None)})


def deep_equal(run: Run, left: Any, right: Any) -> bool:
    """Return whether both have the same type and content.

    Raises:
        BudgetError: They are too deep or too large to compare.
    """
    return _equal(run, left, right, 0)


def _equal(run: Run, left: Any, right: Any, depth: int) -> bool:
    kind = type(left)
    if kind in _SCALARS:
        if kind is str and left is not right:
            run.work_on(left)
        return kind is type(right) and bool(left == right)
    if type_of(left) != type_of(right):
        return False
    run.check_depth(depth)
    if isinstance(left, list):
        return _same_lists(run, left, right, depth)
    if isinstance(left, dict):
        return _same_maps(run, left, right, depth)
    if isinstance(left, GoObject):
        return left is right or _same_objects(run, left, right, depth)
    return bool(left == right)


def _same_lists(run: Run, left: list[Any], right: list[Any], depth: int) -> bool:
    if len(left) != len(right) or is_nil(left) != is_nil(right):
        return False
    if left is right:
        return True
    run.step(1 + len(left) // 8)
    return all(_equal(run, one, other, depth + 1) for one, other in zip(left, right, strict=True))


def _same_maps(run: Run, left: dict[Any, Any], right: dict[Any, Any], depth: int) -> bool:
    if len(left) != len(right) or is_nil(left) != is_nil(right):
        return False
    if left is right:
        return True
    run.step(1 + len(left) // 8)
    return all(
        key in right and _equal(run, value, right[key], depth + 1) for key, value in left.items()
    )


def _same_objects(run: Run, left: GoObject, right: GoObject, depth: int) -> bool:
    has_same_text = left.go_string() == right.go_string()
    return has_same_text and _same_maps(run, dict(left.fields()), dict(right.fields()), depth)


def is_nil(container: list[Any] | dict[Any, Any]) -> bool:
    """Return whether it is a nil slice or map, which is not the same as an empty one."""
    return isinstance(container, GoList | GoMap) and container.is_nil
