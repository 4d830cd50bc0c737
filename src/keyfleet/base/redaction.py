# SPDX-License-Identifier: Apache-2.0
"""Keep secrets out of what is written for people: the safety net, not the rule.

The rule is that values stay in `SecretValue`. This catches what came past it: bytes, fields with a
sensitive name, and secrets inside text (`masking`). What is left consists of plain JSON types only,
so that no encoder calls a foreign `repr`.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.masking import MASK, is_sensitive, mask_text
from keyfleet.base.secret import SecretValue

DEPTH_MAX = 8
ITEMS_MAX = 200

_INT_MAX = 2**63
# Parsers, HTTP clients and ValueError quote what they were given; these quote names and types.
_QUOTES_NOTHING = (
    *(AssertionError, AttributeError, ImportError, ModuleNotFoundError, NameError, TypeError),
    NotImplementedError,
)


def redact(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log event without secrets; the last processor before the renderer."""
    redacted = {}
    for key, value in event.items():
        shown, is_secret = _field(str(key))
        is_plain = value is None or isinstance(value, bool)
        redacted[shown] = MASK if is_secret and not is_plain else redact_value(value)
    return redacted


def redact_field(name: str, value: Any, depth: int = 0) -> Any:
    """Return a named value as plain data, masked whole when its name is sensitive."""
    if value is None or isinstance(value, bool):
        return value
    return MASK if is_sensitive(name) else redact_value(value, depth)


def redact_value(value: Any, depth: int = 0) -> Any:
    """Return dicts, lists, text and numbers without secrets, for any value.

    Deeper than `DEPTH_MAX` everything is masked; of each collection the first `ITEMS_MAX` are kept.
    """
    if isinstance(value, str):
        return mask_text(value)
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if isinstance(value, SecretValue | bytes | bytearray | memoryview) or depth >= DEPTH_MAX:
        return MASK
    if isinstance(value, Mapping):
        return _redact_items(value.items(), depth)
    if isinstance(value, list | tuple | Set):
        return [redact_value(item, depth + 1) for item in islice(value, ITEMS_MAX)]
    return _redact_object(value, depth)


@lru_cache(maxsize=256)
def _field(name: str) -> tuple[str, bool]:
    # The fields of events are few words of the program's own: looked at once.
    return mask_text(name), is_sensitive(name)


def describe_exception(error: BaseException) -> str:
    """Return an exception's class, and its text where that is known to quote no document."""
    name = type(error).__qualname__
    if isinstance(error, KeyfleetError):
        return f"{name}: {error.code}: {mask_text(str(error))}"
    if isinstance(error, OSError):
        parts = (name, error.strerror, error.filename)
        return ": ".join(mask_text(part) for part in parts if isinstance(part, str))
    if type(error) in _QUOTES_NOTHING:
        return f"{name}: {mask_text(str(error))}"
    return name


def _number(value: Any) -> Any:
    # JSON encoders refuse integers beyond 64 bits; a log call must not fail.
    is_large = isinstance(value, int) and not -_INT_MAX <= value < _INT_MAX
    return "(large number)" if is_large else value


def _redact_items(items: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
    return {
        mask_text(str(key)): redact_field(str(key), item, depth + 1)
        for key, item in islice(items, ITEMS_MAX)
    }


def _redact_object(value: Any, depth: int) -> Any:
    kind: Any = type(value)
    if isinstance(value, BaseException):
        return describe_exception(value)
    if kind.__str__ is not object.__str__:
        return mask_text(str(value))
    if is_dataclass(value):
        return _redact_items(((f.name, getattr(value, f.name)) for f in fields(value)), depth)
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        return _redact_items(((name, getattr(value, name)) for name in names), depth)
    # Its repr would show what is inside.
    return f"<{kind.__module__}.{kind.__qualname__}>"
