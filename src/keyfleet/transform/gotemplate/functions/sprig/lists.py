# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions for lists.

They take a list of any type and give a `[]any`. The `must` twins do the same: a template cannot
tell an error from a panic. Source: docs/compat/go-templates.md 16.6.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.equality import deep_equal
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.casting import as_integer
from keyfleet.transform.gotemplate.functions.sprig.defaults import is_empty
from keyfleet.transform.gotemplate.functions.table import ANY, INT, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import (
    ANY_TYPE,
    GoList,
    Int64,
    Uint8,
    kind_of,
    nil_list,
)

LISTS: Final = Table()
_COMPARED_PER_STEP: Final = 16
"""Elements."""
_SLOW: Final = 8
_HASHED: Final = frozenset({str, int, bool, Int64, Uint8})
"""Types whose values are looked for by their hash: equal ones are the same to Go."""
NIL_DEREFERENCE: Final = "runtime error: invalid memory address or nil pointer dereference"


def items_of(value: Any, refusal: str, ending: str = "") -> list[Any]:
    """Return the elements of a list.

    Args:
        value: What should be a list.
        refusal: What the error says before the kind of anything else.
        ending: What it says after the kind.
    Raises:
        GoError: It is none.
    """
    if isinstance(value, list):
        return value
    if isinstance(value, bytes):
        return [Uint8(byte) for byte in value]
    if value is None:
        raise GoError(NIL_DEREFERENCE)
    raise GoError(f"{refusal} {kind_of(value)}{ending}")


@LISTS.function("list", "tuple", variadic=ANY)
def make_list(*items: Any) -> list[Any]:
    """Return the arguments as a list."""
    return list(items)


@LISTS.function("first", "mustFirst", params=(ANY,))
def first(container: Any) -> Any:
    """Return the first element, nil when there is none."""
    items = items_of(container, "Cannot find first on type")
    return items[0] if items else None


@LISTS.function("last", "mustLast", params=(ANY,))
def last(container: Any) -> Any:
    """Return the last element, nil when there is none."""
    items = items_of(container, "Cannot find last on type")
    return items[-1] if items else None


@LISTS.function("rest", "mustRest", params=(ANY,))
def rest(container: Any) -> list[Any]:
    """Return all elements but the first; a nil list when there are none."""
    items = items_of(container, "Cannot find rest on type")
    return items[1:] if items else nil_list()


@LISTS.function("initial", "mustInitial", params=(ANY,))
def initial(container: Any) -> list[Any]:
    """Return all elements but the last; a nil list when there are none."""
    items = items_of(container, "Cannot find initial on type")
    return items[:-1] if items else nil_list()


@LISTS.function("append", "push", "mustAppend", "mustPush", params=(ANY, ANY))
def append(container: Any, item: Any) -> list[Any]:
    """Return a new list that ends with the item."""
    return [*items_of(container, "Cannot push on type"), item]


@LISTS.function("prepend", "mustPrepend", params=(ANY, ANY))
def prepend(container: Any, item: Any) -> list[Any]:
    """Return a new list that begins with the item."""
    return [item, *items_of(container, "Cannot prepend on type")]


@LISTS.function("concat", variadic=ANY, run=True)
def concat(run: Run, *containers: Any) -> list[Any]:
    """Return the elements of all lists as one."""
    lists = [items_of(container, "Cannot concat type", " as list") for container in containers]
    run.will_hold(sum(map(len, lists)))
    return [item for items in lists for item in items] or nil_list()


@LISTS.function("reverse", "mustReverse", params=(ANY,))
def reverse(container: Any) -> list[Any]:
    """Return the elements in reverse order."""
    return items_of(container, "Cannot find reverse on type")[::-1]


@LISTS.function("compact", "mustCompact", params=(ANY,), run=True)
def compact(run: Run, container: Any) -> list[Any]:
    """Return the elements that are not empty."""
    items = items_of(container, "Cannot compact on type")
    run.walk(len(items))
    return [item for item in items if not is_empty(item)]


@LISTS.function("uniq", "mustUniq", params=(ANY,), run=True)
def uniq(run: Run, container: Any) -> list[Any]:
    """Return the elements without those that equal an earlier one, type included."""
    items = items_of(container, "Cannot find uniq on type")
    run.walk(_SLOW * len(items))
    found: list[Any] = []
    others: list[Any] = []
    seen: set[tuple[type, Any]] = set()
    for item in items:
        if type(item) in _HASHED:
            if (type(item), item) in seen:
                continue
            seen.add((type(item), item))
        elif is_in(run, others, item):
            continue
        else:
            others.append(item)
        found.append(item)
    return found


@LISTS.function("without", "mustWithout", params=(ANY,), variadic=ANY, run=True)
def without(run: Run, container: Any, *unwanted: Any) -> list[Any]:
    """Return the elements that equal none of the others."""
    items = items_of(container, "Cannot find without on type")
    return [item for item in items if not is_in(run, unwanted, item)]


@LISTS.function("has", "mustHas", params=(ANY, ANY), run=True)
def has(run: Run, needle: Any, container: Any) -> bool:
    """Return whether an element equals the needle, type included."""
    if container is None:
        return False
    return is_in(run, items_of(container, "Cannot find has on type"), needle)


def is_in(run: Run, items: list[Any] | tuple[Any, ...], needle: Any) -> bool:
    """Return whether one of the items equals the needle, type included."""
    run.step(len(items) // _COMPARED_PER_STEP)
    return any(deep_equal(run, needle, item) for item in items)


@LISTS.function("slice", "mustSlice", params=(ANY,), variadic=ANY)
def slice_list(container: Any, *bounds: Any) -> Any:
    """Return the elements from one bound up to another; nil of an empty list."""
    items = items_of(container, "list should be type of slice or array but")
    if not items:
        return None
    start, end = [
        as_integer(bound) or 0 for bound in (*bounds[:2], *(0, len(items))[len(bounds) :])
    ]
    if not 0 <= start <= end <= len(items):
        raise GoError("reflect.Value.Slice: slice index out of bounds")
    return like(container, items[start:end])


def like(container: Any, items: list[Any]) -> list[Any]:
    """Return the items as a list of the container's type."""
    return GoList(items, container.element) if isinstance(container, GoList) else items


@LISTS.function("chunk", "mustChunk", params=(INT, ANY), run=True)
def chunk(run: Run, size: int, container: Any) -> list[Any]:
    """Return the elements in lists of that size, as a `[][]any`."""
    items = items_of(container, "Cannot chunk type")
    if size <= 0:
        return _backwards(size, items)
    run.will_hold(len(items) // size)
    return chunks([items[start : start + size] for start in range(0, len(items), size)])


def chunks(parts: list[list[Any]]) -> GoList:
    """Return lists as a `[][]any`."""
    return GoList(parts, f"[]{ANY_TYPE}")


def _backwards(size: int, items: list[Any]) -> GoList:
    """Return what comes of counting with a negative size, where it comes to something."""
    if len(items) == 1 and size < -1:
        return chunks([items])
    if 2 <= len(items) <= 1 - size:
        return chunks([])
    raise GoError("runtime error: makeslice: len out of range")
