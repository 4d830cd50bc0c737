# SPDX-License-Identifier: Apache-2.0
"""The order in which Go prints and ranges over the keys of a map.

Source: docs/compat/go-templates.md 13.
"""

from collections.abc import Iterable
from typing import Any

from keyfleet.transform.gotemplate.values import encoded, type_of


def sorted_keys(keys: Iterable[Any]) -> list[Any]:
    """Return the keys in Go's order: numbers ascending, strings by bytes, false before true.

    Keys of several types come nil first, then integers, floats, strings, booleans and others.
    """
    found = list(keys)
    if all(type(key) is str for key in found):
        return sorted_strings(found)
    return sorted(found, key=_rank)


def sorted_strings(texts: Iterable[str]) -> list[str]:
    """Return the strings in the order of their bytes."""
    found = list(texts)
    # Code points and their UTF-8 are in the same order, only surrogates and so raw bytes are not.
    return sorted(found) if all(map(str.isascii, found)) else sorted(found, key=encoded)


def _rank(key: Any) -> tuple[int, Any]:
    match key:
        case None:
            return 0, 0
        case bool():
            return 4, key
        case int():
            return 1, int(key)
        case float():
            return 2, (key == key, key)  # noqa: PLR0124 - NaN comes first
        case str():
            return 3, encoded(key)
        case _:
            return 5, type_of(key)
