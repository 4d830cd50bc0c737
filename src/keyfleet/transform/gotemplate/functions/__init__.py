# SPDX-License-Identifier: Apache-2.0
"""The function sets: which names a template may call, by whose manifest it is.

Every set holds Go's builtins; a set's own function of the same name replaces the builtin.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Final

from keyfleet.transform.gotemplate.functions.table import Table

_SETS: Final[Mapping[str, str]] = {
    "core": "builtins",
    "sprig": "sprig",
    "eso": "eso",
    "sealedsecrets": "sprig",
    "sprout": "sprout",
    "consul": "consul",
}
"""The module of this folder whose `table()` gives the set's functions besides the builtins."""

NAMES: Final = tuple(_SETS)


@cache
def function_set(name: str) -> Table:
    """Return the functions of a set; loads them when they are first asked for.

    Raises:
        KeyError: There is no such set.
    """
    builtins = _load("builtins")
    module = _SETS[name]
    return builtins if module == "builtins" else builtins.union(_load(module))


def load_all() -> None:
    """Load every set now, as what serves many does before it begins: importing takes a while."""
    for name in NAMES:
        function_set(name)


def _load(module: str) -> Table:
    table: Callable[[], Table] = import_module(f"{__name__}.{module}").table
    return table()
