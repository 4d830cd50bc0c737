# SPDX-License-Identifier: Apache-2.0
"""The data of a render as Go values: a copy, since templates may change what they are given.

Source: docs/compat/go-templates.md 3.
"""

import math
from collections.abc import Mapping
from typing import Any

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.run import DEFAULT_LIMITS
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoList,
    GoMap,
    decoded,
    string_map,
    wrapped,
)


def root_value(data: Any, *, strings: bool = False) -> Any:
    """Return data as the root of a render.

    Args:
        data: JSON-like, bytes too; or Go values, which are taken as they are.
        strings: It is a mapping of strings, and becomes a `map[string]string`.
    Raises:
        BudgetError: It is nested too deeply.
    """
    if data is None:
        return INVALID
    if strings:
        return string_map({go_string(key): go_string(text) for key, text in data.items()})
    return _go_value(data, 0)


def go_string(text: str | bytes) -> str:
    """Return the string of a text or of its bytes; what UTF-8 has no bytes for is replaced."""
    if isinstance(text, bytes):
        return decoded(text)
    if text.isascii():
        return text
    try:
        return decoded(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _go_value(data: Any, depth: int) -> Any:
    kind = type(data)
    if kind is str or kind is bytes:
        return go_string(data)
    if kind is int:
        return data if wrapped(data) == data else _float(data)
    if depth > DEFAULT_LIMITS.depth:
        raise BudgetError(f"data nested deeper than {DEFAULT_LIMITS.depth}")
    if isinstance(data, Mapping):
        return _map(data, depth + 1)
    if isinstance(data, list | tuple):
        return _list(data, depth + 1)
    return data


def _float(number: int) -> float:
    """Return an integer that Go's has no room for as its JSON decoder does."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _map(data: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
    items = {_go_value(key, depth): _go_value(item, depth) for key, item in data.items()}
    if isinstance(data, GoMap):
        return GoMap(items, data.element, key=data.key, is_nil=data.is_nil)
    return items


def _list(data: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    elements = [_go_value(element, depth) for element in data]
    if isinstance(data, GoList):
        return GoList(elements, data.element, is_nil=data.is_nil)
    return elements
