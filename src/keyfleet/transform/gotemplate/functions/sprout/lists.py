# SPDX-License-Identifier: Apache-2.0
"""Sprout's functions for lists: the list comes last, or for some first as in sprig.

Source: docs/compat/go-templates.md 18.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.casting import as_integer
from keyfleet.transform.gotemplate.functions.sprig import lists as sprig
from keyfleet.transform.gotemplate.functions.table import ANY, INT, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import kind_of, nil_list, type_of

LISTS: Final = Table()
_UNHASHABLE: Final = (list, dict, bytes)


def _items(container: Any, verb: str, refusal: str) -> list[Any]:
    """Return the elements of a list.

    Raises:
        GoError: It is nil, or no list.
    """
    if container is None:
        raise GoError(f"cannot {verb} nil")
    return sprig.items_of(container, refusal)


def _pair(arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return a value and a list, in whichever order they came."""
    if len(arguments) != 2:
        raise GoError(f"expected 2 arguments, got {len(arguments)}")
    first, second = arguments
    is_first = isinstance(first, list) or (first is None and not isinstance(second, list))
    return (second, first) if is_first else (first, second)


@LISTS.function("append", "mustAppend", variadic=ANY, run=True)
def append(run: Run, *arguments: Any) -> list[Any]:
    """Return a new list that ends with the value."""
    value, container = _pair(arguments)
    items = _items(container, "append to", "cannot append on type")
    run.will_hold(len(items) + 1)
    return [*items, value]


@LISTS.function("prepend", "mustPrepend", variadic=ANY, run=True)
def prepend(run: Run, *arguments: Any) -> list[Any]:
    """Return a new list that begins with the value."""
    value, container = _pair(arguments)
    items = _items(container, "prepend to", "cannot prepend on type")
    run.will_hold(len(items) + 1)
    return [value, *items]


@LISTS.function("concat", variadic=ANY, run=True)
def concat(run: Run, *containers: Any) -> list[Any]:
    """Return the elements of all lists as one; what is no list is left out."""
    return list(sprig.concat(run, *[one for one in containers if isinstance(one, list)]))


@LISTS.function("chunk", "mustChunk", params=(INT, ANY), run=True)
def chunk(run: Run, size: int, container: Any) -> list[Any]:
    """Return the elements in lists of that size."""
    items = _items(container, "chunk", "cannot chunk type")
    if not size:
        raise GoError("runtime error: integer divide by zero")
    if len(items) == 1 and size < 0:
        raise GoError("runtime error: makeslice: len out of range")
    if 2 <= len(items) <= -2 * size:
        return sprig.chunks([])
    return sprig.chunk(run, size, items)


@LISTS.function("uniq", "mustUniq", params=(ANY,), run=True)
def uniq(run: Run, container: Any) -> list[Any]:
    """Return the elements without those that equal an earlier one, type included."""
    items = _items(container, "uniq", "cannot find uniq on type")
    run.walk(8 * len(items))
    found: dict[Any, Any] = {}
    for item in items:
        if isinstance(item, _UNHASHABLE):
            # Go looks at the first key in another place, and says it in other words.
            problem = (
                "runtime error: hash of unhashable type" if found else "hash of unhashable type:"
            )
            raise GoError(f"{problem} {type_of(item)}")
        found.setdefault((type_of(item), item), item)
    return list(found.values())


@LISTS.function("compact", "mustCompact", params=(ANY,), run=True)
def compact(run: Run, container: Any) -> list[Any]:
    """Return the elements that are not empty."""
    return sprig.compact(run, _items(container, "compact", "cannot compact on type"))


@LISTS.function("flatten", params=(ANY,), run=True)
def flatten(run: Run, container: Any) -> list[Any]:
    """Return the elements, those of lists in lists too."""
    return flatten_depth(run, -1, container)


@LISTS.function("flattenDepth", params=(INT, ANY), run=True)
def flatten_depth(run: Run, depth: int, container: Any) -> list[Any]:
    """Return the elements, those of lists down to a depth; of all of them where it is negative."""
    found: list[Any] = []
    _flatten(run, found, _items(container, "flatten", "cannot flatten on type"), depth, 0)
    return found


def _flatten(run: Run, found: list[Any], items: list[Any], depth: int, level: int) -> None:
    run.check_depth(level)
    run.will_hold(len(items))
    run.step(1 + len(items) // 50)
    for item in items:
        if item is None:
            raise GoError("reflect: call of reflect.Value.Interface on zero Value")
        if isinstance(item, list) and depth:
            _flatten(run, found, item, depth - 1, level + 1)
        else:
            found.append(item)
    if len(found) > run.limits.elements:
        run.will_hold(len(found))


@LISTS.function("slice", "mustSlice", variadic=ANY)
def slice_list(*arguments: Any) -> Any:
    """Return the elements from one bound up to another; nil of an empty list."""
    if not arguments:
        raise GoError("expected 2 arguments, got 0")
    if isinstance(arguments[0], list) or arguments[0] is None:
        arguments = (*arguments[1:], arguments[0])
    elif len(arguments) == 1:
        return arguments[0]
    *bounds, container = arguments
    if not bounds:
        return container
    if container is None:
        raise GoError("cannot slice nil")
    if not isinstance(container, list):
        raise GoError(f"last argument must be a slice but got {kind_of(container)}")
    return _cut(container, bounds) if container else None


def _cut(container: list[Any], bounds: list[Any]) -> Any:
    start = as_integer(bounds[0]) or 0
    end = len(container) if len(bounds) < 2 else as_integer(bounds[1]) or 0
    if not 0 <= start <= len(container):
        raise GoError("start index out of bounds")
    if not start <= end <= len(container):
        raise GoError("end index out of bounds")
    return sprig.like(container, container[start:end])


@LISTS.function("has", "mustHas", params=(ANY, ANY), run=True)
def has(run: Run, needle: Any, container: Any) -> bool:
    """Return whether an element equals the needle, type included."""
    if container is None:
        return False
    return sprig.is_in(run, _items(container, "find", "cannot find has on type"), needle)


@LISTS.function("without", "mustWithout", variadic=ANY, run=True)
def without(run: Run, *arguments: Any) -> list[Any]:
    """Return the elements that equal none of the values."""
    if len(arguments) < 2:
        raise GoError(f"expected 2 arguments, got {len(arguments)}")
    if arguments[0] is None or isinstance(arguments[0], list):
        arguments = (*arguments[1:], arguments[0])
    *unwanted, container = arguments
    if container is not None and not isinstance(container, list):
        raise GoError(f"last argument must be a slice but got {type_of(container)}")
    items = _items(container, "without", "")
    run.walk(len(items))
    for value in (*unwanted, *items):
        if isinstance(value, _UNHASHABLE):
            raise GoError(f"runtime error: hash of unhashable type {type_of(value)}")
    return sprig.without(run, items, *unwanted)


def _enter_ends() -> None:
    ends = {
        "first": sprig.first, "last": sprig.last, "rest": sprig.rest, "initial": sprig.initial,
        "reverse": sprig.reverse,
    }  # fmt: skip
    for name, function in ends.items():
        _enter_end(name, function)


def _enter_end(name: str, function: Any) -> None:
    @LISTS.function(name, f"must{name.capitalize()}", params=(ANY,))
    def end(container: Any) -> Any:
        items = _items(container, name, f"cannot find {name} on type")
        found = function(items)
        return found if not isinstance(found, list) or items or name == "reverse" else nil_list()


_enter_ends()
