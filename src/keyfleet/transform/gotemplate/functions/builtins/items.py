# SPDX-License-Identifier: Apache-2.0
"""What is in a list, map or string. Strings are counted in bytes."""

from typing import Any, NoReturn

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.functions.table import VALUE, Function, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import (
    ANY_TYPE,
    INVALID,
    GoList,
    GoMap,
    GoObject,
    Uint8,
    decoded,
    element_of,
    encoded,
    kind_of,
    length,
    type_of,
    zero_of,
)

ITEMS = Table()

_MAX_BOUNDS = 3


@ITEMS.function("len", params=(VALUE,))
def len_(item: Any) -> int:
    """Return the number of a string's bytes, a list's elements or a map's entries."""
    if item is None:
        raise GoError("len of nil pointer")
    if item is INVALID:
        raise GoError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str):
        return length(item)
    if isinstance(item, list | dict | bytes):
        return len(item)
    raise GoError(f"len of type {type_of(item)}")


@ITEMS.function("index", params=(VALUE,), variadic=VALUE)
def index(item: Any, *keys: Any) -> Any:
    """Return what stands at a key in the item, at the next key in that, and so on."""
    if _is_nothing(item):
        raise GoError("index of untyped nil")
    for key in keys:
        item = _at(item, key)
    return item


@ITEMS.function("slice", params=(VALUE,), variadic=VALUE, run=True)
def slice_(run: Run, item: Any, *bounds: Any) -> Any:
    """Return a part of a string or list: from the first bound up to the second."""
    if _is_nothing(item):
        raise GoError("slice of untyped nil")
    if len(bounds) > _MAX_BOUNDS:
        raise GoError(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, str):
        return _slice_string(item, bounds)
    if isinstance(item, list | bytes):
        return _slice_list(run, item, bounds)
    raise GoError(f"can't slice item of type {type_of(item)}")


@ITEMS.function("call", params=(VALUE,), variadic=VALUE)
def call(value: Any, *_: Any) -> NoReturn:
    """Refuse: no value of a template is a function."""
    raise _not_callable(
        Data(value) if isinstance(value, str) else f"<{type_of(value)} Value>", value
    )


def named_call(name: str) -> Function:
    """Return a `call` whose error says what the template calls its first argument."""

    def refuse(value: Any, *_: Any) -> NoReturn:
        raise _not_callable(name, value)

    return Function("call", refuse, (VALUE,), VALUE)


def _not_callable(name: str | Data, value: Any) -> GoError:
    if _is_nothing(value):
        return GoError("call of nil")
    return GoError("non-function ", name, f" of type {type_of(value)}")


def _at(item: Any, key: Any) -> Any:
    if item is None:
        raise GoError("index of nil pointer")
    if isinstance(item, dict):
        return _entry(item, key)
    if isinstance(item, str):
        raw = encoded(item)
        return Uint8(raw[_element(key, len(raw), "string")])
    if isinstance(item, bytes):
        return Uint8(item[_element(key, len(item), "slice")])
    if isinstance(item, list):
        return item[_element(key, len(item), "slice")]
    raise GoError(f"can't index item of type {type_of(item)}")


def _entry(item: dict[Any, Any], key: Any) -> Any:
    wanted = item.key if isinstance(item, GoMap) else "string"
    if wanted == ANY_TYPE:
        key = _any_key(key)
    elif _is_nothing(key):
        raise GoError(f"value is nil; should be of type {wanted}")
    elif type_of(key) != wanted and not ("int" in kind_of(key) and "int" in wanted):
        raise GoError(f"value has type {type_of(key)}; should be {wanted}")
    return item[key] if key in item else zero_of(element_of(item))


def _any_key(key: Any) -> Any:
    if isinstance(key, list | dict | bytes):
        raise GoError(f"runtime error: hash of unhashable type {type_of(key)}")
    return None if key is INVALID else key


def _element(key: Any, size: int, kind: str) -> int:
    position = _bound(key, size)
    if position == size:
        raise GoError(f"reflect: {kind} index out of range")
    return position


def _bound(key: Any, size: int) -> int:
    """Return a position up to and including the size."""
    if _is_nothing(key):
        raise GoError("cannot index slice/array with nil")
    if isinstance(key, GoObject) or not isinstance(key, int) or isinstance(key, bool):
        raise GoError(f"cannot index slice/array with type {type_of(key)}")
    if not 0 <= key <= size:
        raise GoError("index out of range: ", Data(str(int(key))))
    return int(key)


def _bounds(bounds: tuple[Any, ...], size: int) -> tuple[int, int]:
    found = [_bound(bound, size) for bound in bounds]
    start, end = found[0] if found else 0, found[1] if len(found) > 1 else size
    _check_order(start, end)
    if len(found) == _MAX_BOUNDS:
        _check_order(end, found[2])
    return start, end


def _check_order(start: int, end: int) -> None:
    if start > end:
        raise GoError("invalid slice index: ", Data(str(start)), " > ", Data(str(end)))


def _slice_string(item: str, bounds: tuple[Any, ...]) -> str:
    if len(bounds) == _MAX_BOUNDS:
        raise GoError("cannot 3-index slice a string")
    raw = encoded(item)
    start, end = _bounds(bounds, len(raw))
    return decoded(raw[start:end])


def _slice_list(run: Run, item: list[Any] | bytes, bounds: tuple[Any, ...]) -> list[Any] | bytes:
    start, end = _bounds(bounds, len(item))
    run.will_hold(end - start)
    if isinstance(item, bytes):
        return item[start:end]
    part = item[start:end]
    return GoList(part, item.element, is_nil=item.is_nil) if isinstance(item, GoList) else part


def _is_nothing(value: Any) -> bool:
    return value is None or value is INVALID
