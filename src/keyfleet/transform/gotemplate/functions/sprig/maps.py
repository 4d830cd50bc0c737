# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions for maps.

`set`, `unset` and the merging ones change the caller's map. Go gives `keys` and `values` in random
order; here they are sorted. Source: docs/compat/go-templates.md 16.7.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate import merging
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.ordering import sorted_keys
from keyfleet.transform.gotemplate.functions.sprig.texts import text_of
from keyfleet.transform.gotemplate.functions.table import ANY, MAP, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import strings, type_of

MAPS: Final = Table()


@MAPS.function("dict", variadic=ANY, run=True)
def make_dict(run: Run, *pairs: Any) -> dict[str, Any]:
    """Return a map of the keys and values given in turn; a last key alone gets an empty string."""
    found: dict[str, Any] = {}
    for index in range(0, len(pairs), 2):
        found[text_of(run, pairs[index])] = pairs[index + 1] if index + 1 < len(pairs) else ""
    return found


@MAPS.function("get", params=(MAP, STRING))
def get(container: dict[str, Any], key: str) -> Any:
    """Return a value, an empty string when the key is not there."""
    return container.get(key, "")


@MAPS.function("set", params=(MAP, STRING, ANY), run=True)
def set_key(run: Run, container: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Put a value into the map and return the map."""
    merging.check_writable(container)
    size = len(container)
    if not size & (size - 1):  # a power of two: grown maps are paid for at each doubling
        run.will_hold(2 * size)
    container[key] = value
    return container


@MAPS.function("unset", params=(MAP, STRING))
def unset(container: dict[str, Any], key: str) -> dict[str, Any]:
    """Take a key out of the map and return the map."""
    container.pop(key, None)
    return container


@MAPS.function("hasKey", params=(MAP, STRING))
def has_key(container: dict[str, Any], key: str) -> bool:
    """Return whether the map has the key."""
    return key in container


@MAPS.function("pluck", params=(STRING,), variadic=MAP)
def pluck(key: str, *containers: dict[str, Any]) -> list[Any]:
    """Return the key's value of every map that has it."""
    return [container[key] for container in containers if key in container]


@MAPS.function("keys", variadic=MAP, run=True)
def keys(run: Run, *containers: dict[str, Any]) -> list[str]:
    """Return the keys of all maps, sorted within each."""
    run.will_hold(sum(map(len, containers)))
    return strings(key for container in containers for key in sorted_keys(container))


@MAPS.function("values", params=(MAP,))
def values(container: dict[str, Any]) -> list[Any]:
    """Return the values in the order of their keys."""
    return [container[key] for key in sorted_keys(container)]


@MAPS.function("pick", params=(MAP,), variadic=STRING)
def pick(container: dict[str, Any], *wanted: str) -> dict[str, Any]:
    """Return a new map with only these keys."""
    return {key: container[key] for key in wanted if key in container}


@MAPS.function("omit", params=(MAP,), variadic=STRING)
def omit(container: dict[str, Any], *unwanted: str) -> dict[str, Any]:
    """Return a new map without these keys."""
    return {key: value for key, value in container.items() if key not in unwanted}


@MAPS.function("merge", "mustMerge", params=(MAP,), variadic=MAP, run=True)
def merge(run: Run, target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    """Add to the first map what it lacks, or has empty, and return it."""
    merged = merging.started(target, *sources)
    for source in sources:
        merging.merge(run, merged, source)
    return merged


@MAPS.function("mergeOverwrite", "mustMergeOverwrite", params=(MAP,), variadic=MAP, run=True)
def merge_overwrite(run: Run, target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    """Add everything of the others to the first map and return it; later ones win."""
    merged = merging.started(target, *sources)
    for source in sources:
        merging.merge_overwrite(run, merged, source)
    return merged


@MAPS.function("dig", variadic=ANY)
def dig(*arguments: Any) -> Any:
    """Return what lies under the keys in the map, which comes last, or the default before it."""
    if len(arguments) < 3:
        raise GoError("dig needs at least three arguments")
    *path, fallback, found = arguments
    for key in path:
        container = _map_of(found)
        if not isinstance(key, str):
            raise GoError(f"interface conversion: {_interface(key)} string")
        if key not in container:
            return fallback
        found = container[key]
    return found


def _map_of(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise GoError(f"interface conversion: {_interface(value)} map[string]interface {{}}")


def _interface(value: Any) -> str:
    kind = "nil" if value is None else type_of(value)
    return f"interface {{}} is {kind}, not"


@MAPS.function("deepCopy", "mustDeepCopy", params=(ANY,), run=True)
def deep_copy(run: Run, value: Any) -> Any:
    """Return a copy that shares no list and no map with the original."""
    if value is None:
        raise GoError("reflect: call of reflect.Value.Type on zero Value")
    return merging.deep_copy(run, value)
