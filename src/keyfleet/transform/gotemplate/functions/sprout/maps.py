# SPDX-License-Identifier: Apache-2.0
"""Sprout's functions for maps: the map comes last, or first as in sprig.

The type of the first argument says which. Source: docs/compat/go-templates.md 18.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.ordering import sorted_strings
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.functions.sprig import maps as sprig
from keyfleet.transform.gotemplate.functions.table import ANY, MAP, Table
from keyfleet.transform.gotemplate.merging import merge_overwrite, started
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import ANY_TYPE, type_of

MAPS: Final = Table()
_MAP: Final = f"map[string]{ANY_TYPE}"
_LAST: Final = "last argument must be a map[string]any"


def _in_order(
    arguments: tuple[Any, ...], count: int
) -> tuple[dict[str, Any], str, tuple[Any, ...]]:
    """Return the map, the key and what else there is, in whichever order they came."""
    if len(arguments) != count:
        raise GoError(f"expected {count} arguments, got {len(arguments)}")
    first, *rest = arguments
    if isinstance(first, dict):
        key, *values = rest
        return first, _asserted(key, str, "string"), tuple(values)
    _check_key(first)
    *values, last = rest
    return last, first, tuple(values)


def _check_key(key: Any) -> None:
    if not isinstance(key, str):
        raise GoError(f"expected map or string, got {type_of(key)}")


def _asserted(value: Any, kind: type, go_type: str) -> Any:
    if isinstance(value, kind):
        return value
    shown = "nil" if value is None else type_of(value)
    raise GoError(f"interface conversion: {ANY_TYPE} is {shown}, not {go_type}")


def _last_map(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise GoError(_LAST)


@MAPS.function("get", variadic=ANY)
def get(*arguments: Any) -> Any:
    """Return a value, an empty string when the key is not there."""
    container, key, _ = _in_order(arguments, 2)
    return sprig.get(_asserted(container, dict, _MAP), key)


@MAPS.function("hasKey", variadic=ANY)
def has_key(*arguments: Any) -> bool:
    """Return whether the map has the key."""
    container, key, _ = _in_order(arguments, 2)
    return sprig.has_key(_asserted(container, dict, _MAP), key)


@MAPS.function("set", variadic=ANY, run=True)
def set_key(run: Run, *arguments: Any) -> dict[str, Any]:
    """Put a value into the map and return the map."""
    container, key, values = _in_order(arguments, 3)
    return sprig.set_key(run, _last_map(container), key, values[0])


@MAPS.function("unset", variadic=ANY)
def unset(*arguments: Any) -> dict[str, Any]:
    """Take a key out of the map and return the map."""
    container, key, _ = _in_order(arguments, 2)
    return sprig.unset(_last_map(container), key)


def _with_keys(arguments: tuple[Any, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the map and the keys, in whichever order they came."""
    if len(arguments) < 2:
        raise GoError(f"expected 2 arguments, got {len(arguments)}")
    if isinstance(arguments[0], dict):
        arguments = (*arguments[1:], arguments[0])
    *keys, container = arguments
    _check_key(keys[0])
    found = _last_map(container)
    if not all(isinstance(key, str) for key in keys):
        raise GoError("all keys must be strings")
    return found, tuple(keys)


@MAPS.function("pick", variadic=ANY)
def pick(*arguments: Any) -> dict[str, Any]:
    """Return a new map with only these keys."""
    container, keys = _with_keys(arguments)
    return sprig.pick(container, *keys)


@MAPS.function("omit", variadic=ANY)
def omit(*arguments: Any) -> dict[str, Any]:
    """Return a new map without these keys."""
    container, keys = _with_keys(arguments)
    return sprig.omit(container, *keys)


@MAPS.function("values", variadic=MAP, run=True)
def values(run: Run, *containers: dict[str, Any]) -> list[Any]:
    """Return the values of all maps, in the order of the keys of each."""
    run.will_hold(sum(map(len, containers)))
    return [container[key] for container in containers for key in sorted_strings(container)]


@MAPS.function("dig", variadic=ANY)
def dig(*arguments: Any) -> Any:
    """Return what lies under the keys in the map, nil where one is missing; keys may have dots."""
    if len(arguments) < 2:
        raise GoError("dig requires at least two arguments: a sequence of keys and a dictionary")
    *keys, container = arguments
    found: Any = _last_map(container)
    previous = ""
    for key in _path(keys):
        if not isinstance(found, dict):
            raise GoError(
                "value at key ", Data(quoted(previous)),
                f" is not a nested dictionary but {type_of(found)}",
            )  # fmt: skip
        if key not in found:
            return None
        found, previous = found[key], key
    return found


def _path(keys: list[Any]) -> list[str]:
    for position, key in enumerate(keys):
        if not isinstance(key, str):
            kind = type_of(key)
            raise GoError(
                f"cannot parse keys: all keys must be strings, got {kind} at position {position}"
            )
    return [part for key in keys for part in key.split(".")]


@MAPS.function("merge", "mustMerge", params=(MAP,), variadic=MAP, run=True)
def merge(run: Run, target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    """Add to the first map what it lacks, or has as nil, and return it."""
    writable = started(target, *sources)
    for source in sources:
        _fill(run, writable, source, 0)
    return writable


def _fill(run: Run, target: dict[str, Any], source: dict[str, Any], depth: int) -> None:
    run.check_depth(depth)
    run.step(1 + len(source) // 8)
    run.will_hold(len(target) + len(source))
    for key, value in list(source.items()):
        mine = target.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            _fill(run, mine, value, depth + 1)
        elif mine is None and value is not None:
            target[key] = value


@MAPS.function("mergeOverwrite", "mustMergeOverwrite", params=(MAP,), variadic=MAP, run=True)
def overwrite(run: Run, target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    """Add everything of the others to the first map and return it; later ones win."""
    writable = started(target, *sources)
    for source in sources:
        merge_overwrite(run, writable, source)
    return writable
