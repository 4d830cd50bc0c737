# SPDX-License-Identifier: Apache-2.0
"""consul-template's functions for lists and maps.

Source: docs/compat/go-templates.md 19.
"""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.ordering import sorted_strings
from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.functions.sprig.strings import contains as holds
from keyfleet.transform.gotemplate.functions.table import ANY, LIST, MAP, Table
from keyfleet.transform.gotemplate.merging import merge, merge_overwrite, started
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import kind_of

CONTAINERS: Final = Table()
_SLOW: Final = 4
"""How much more than other loops looking at an element's kind costs."""
_COMPARED_PER_STEP: Final = 1 << 14
"""Characters of strings that may all begin alike."""


@CONTAINERS.function("in", params=(ANY, ANY), run=True)
def is_in(run: Run, container: Any, value: Any) -> bool:
    """Return whether a list holds the number or string, or a string the string."""
    if isinstance(container, str):
        if value is None:
            raise GoError("reflect: call of reflect.Value.Type on zero Value")
        run.work_on(container)
        return isinstance(value, str) and holds(value, container)
    if not isinstance(container, list):
        return False
    run.walk(_SLOW * len(container))
    family = _family(value)
    if family == "string":
        run.step(len(container) * len(value) // _COMPARED_PER_STEP)
    return family != "" and any(_family(item) == family and item == value for item in container)


def _family(value: Any) -> str:
    """Return the kind of what can be compared here: unsigned integers and booleans cannot."""
    kind = kind_of(value).rstrip("0123456789")
    return kind if kind in {"int", "float", "string"} else ""


@CONTAINERS.function("contains", params=(ANY, ANY), run=True)
def contains(run: Run, value: Any, container: Any) -> bool:
    """Return the same; the container comes last."""
    return is_in(run, container, value)


@CONTAINERS.function("containsAll", params=(LIST, ANY), run=True)
def contains_all(run: Run, values: list[Any], container: Any) -> bool:
    """Return whether the container holds every one of the values."""
    run.walk(_SLOW * len(values))
    return all(is_in(run, container, value) for value in values)


@CONTAINERS.function("containsAny", params=(LIST, ANY), run=True)
def contains_any(run: Run, values: list[Any], container: Any) -> bool:
    """Return whether the container holds one of the values."""
    run.walk(_SLOW * len(values))
    return any(is_in(run, container, value) for value in values)


@CONTAINERS.function("containsNone", params=(LIST, ANY), run=True)
def contains_none(run: Run, values: list[Any], container: Any) -> bool:
    """Return whether the container holds none of the values."""
    return not contains_any(run, values, container)


@CONTAINERS.function("containsNotAll", params=(LIST, ANY), run=True)
def contains_not_all(run: Run, values: list[Any], container: Any) -> bool:
    """Return whether the container lacks one of the values."""
    return not contains_all(run, values, container)


@CONTAINERS.function("mergeMap", params=(MAP, MAP), run=True)
def merge_map(run: Run, target: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Add to the first map what it lacks, or has empty, and return it."""
    writable = started(target, source)
    merge(run, writable, source)
    return writable


@CONTAINERS.function("mergeMapWithOverride", params=(MAP, MAP), run=True)
def merge_map_with_override(
    run: Run, target: dict[str, Any], source: dict[str, Any]
) -> dict[str, Any]:
    """Add everything of the second map to the first and return it."""
    writable = started(target, source)
    merge_overwrite(run, writable, source)
    return writable


@CONTAINERS.function("explodeMap", params=(MAP,), run=True)
def explode_map(run: Run, flat: dict[str, Any]) -> dict[str, Any]:
    """Return the map with nested maps in place of keys with slashes."""
    nested: dict[str, Any] = {}
    for path in sorted_strings(flat):
        _plant(run, nested, path, flat[path])
    return nested


def _plant(run: Run, nested: dict[str, Any], path: str, value: Any) -> None:
    *branches, leaf = path.split("/")
    run.check_depth(len(branches))
    run.step(len(branches))
    for branch in branches:
        inner = nested.setdefault(branch, {})
        if not isinstance(inner, dict):
            shown = sprintf(run, "%q: %q already has value %q", [path, branch, inner])
            raise GoError("explodeMap: not a map: ", Data(shown))
        nested = inner
    if leaf:
        nested[leaf] = value
