# SPDX-License-Identifier: Apache-2.0
"""JSON objects as Go reads them into a map.

Numbers are read as floats, so that whole numbers beyond 2^53 lose digits, as they do upstream.
Source: docs/compat/eso.md, "Assembly".
"""

import math
from typing import Any, Final

import msgspec

from keyfleet.base.jsontext import mended

_DEEPEST: Final = 100


def object_of(text: bytes) -> dict[str, Any] | None:
    """Return the members of a JSON object, of none for null; None: it is something else.

    Objects nested deeper than 100 and numbers that no float holds are something else, too.
    """
    try:
        found = _as_go_has_it(msgspec.json.decode(mended(text)), 0)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return None
    if found is None:
        return {}
    return found if isinstance(found, dict) else None


def _as_go_has_it(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError
    match value:
        case bool():
            return value
        case int() | float():
            if not math.isfinite(number := float(value)):
                raise ValueError
            return number
        case dict():
            return {key: _as_go_has_it(each, depth + 1) for key, each in value.items()}
        case list():
            return [_as_go_has_it(each, depth + 1) for each in value]
    return value
