# SPDX-License-Identifier: Apache-2.0
"""How much stands in a document, found out without looking at all of it."""

from collections.abc import Mapping
from typing import Any


def has_at_most(most: int, document: Any) -> bool:
    """Tell whether a document has so few values in it, containers included.

    >>> has_at_most(3, {"a": [1]}), has_at_most(2, {"a": [1]})
    (True, False)
    """
    waiting, seen = [document], 0
    while waiting and seen <= most:
        seen += 1
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value[: most + 1])
    return seen <= most
