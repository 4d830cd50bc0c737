# SPDX-License-Identifier: Apache-2.0
"""Merging maps into one another and copying values, as sprig, sprout and consul-template do.

Merging changes the destination in place; maps within it are shared with whoever holds them.
"""

from typing import Any

from keyfleet.transform.gotemplate.equality import is_nil
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import ANY_TYPE, GoList, GoMap, GoObject, element_of


def merge(run: Run, target: dict[Any, Any], source: dict[Any, Any], depth: int = 0) -> None:
    """Add what the target lacks, or has empty, from the source.

    Raises:
        BudgetError: The maps are too deep or too large.
    """
    _prepare(run, target, source, depth)
    for key, value in source.items():
        mine = target.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            merge(run, mine, value, depth + 1)
        elif value is not None and not isinstance(mine, GoObject) and not mine:
            target[key] = value


def merge_overwrite(
    run: Run, target: dict[Any, Any], source: dict[Any, Any], depth: int = 0
) -> None:
    """Add everything from the source, also what is empty there.

    Raises:
        BudgetError: The maps are too deep or too large.
    """
    _prepare(run, target, source, depth)
    for key, value in source.items():
        mine = target.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            merge_overwrite(run, mine, value, depth + 1)
        else:
            target[key] = value


def started(target: dict[Any, Any], *sources: dict[Any, Any]) -> dict[Any, Any]:
    """Return the map that merging changes: a new one in place of a nil map, unless all are nil."""
    return {} if is_nil(target) and not all(map(is_nil, sources)) else target


def _prepare(run: Run, target: dict[Any, Any], source: dict[Any, Any], depth: int) -> None:
    run.check_depth(depth)
    run.step(1 + len(source) // 8)
    run.will_hold(len(target) + len(source))
    if source:
        check_writable(target)
    its, other = element_of(target), element_of(source)
    if its not in {ANY_TYPE, other} and source:
        raise GoError(
            f"reflect.Value.SetMapIndex: value of type {other} is not assignable to type {its}"
        )


def check_writable(container: dict[Any, Any]) -> None:
    """Refuse a nil map, which Go reads and does not write.

    Raises:
        GoError: It is one.
    """
    if isinstance(container, GoMap) and container.is_nil:
        raise GoError("assignment to entry in nil map")


def deep_copy(run: Run, value: Any, depth: int = 0) -> Any:
    """Return the value with copies of all lists and maps in it.

    Raises:
        BudgetError: It is too deep or too large.
    """
    if not isinstance(value, list | dict):
        return value
    run.check_depth(depth)
    run.step(1 + len(value) // 8)
    run.will_hold(len(value))
    if isinstance(value, list):
        items = [deep_copy(run, item, depth + 1) for item in value]
        return (
            GoList(items, value.element, is_nil=value.is_nil)
            if isinstance(value, GoList)
            else items
        )
    entries = {key: deep_copy(run, item, depth + 1) for key, item in value.items()}
    if isinstance(value, GoMap):
        return GoMap(entries, value.element, key=value.key, is_nil=value.is_nil)
    return entries
