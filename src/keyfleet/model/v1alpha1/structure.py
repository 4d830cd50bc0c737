# SPDX-License-Identifier: Apache-2.0
"""Look into the native types: which fields a part has, and what a field holds.

Parser, CRD generator, admission policies and reference page walk the types through this one view.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import inspect


@cache
def structure(kind: type) -> inspect.StructType:
    """Return the description of a Struct."""
    found = inspect.type_info(kind)
    if not isinstance(found, inspect.StructType):
        message = f"{kind.__name__} is not a Struct"
        raise TypeError(message)
    return found


def plain(kind: inspect.Type) -> inspect.Type:
    """Return the type without extra schema and without "or absent"."""
    if isinstance(kind, inspect.Metadata):
        return plain(kind.type)
    if isinstance(kind, inspect.UnionType):
        present = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
        if len(present) == 1:
            return plain(present[0])
    return kind


def extra_schema(kind: inspect.Type) -> dict[str, Any]:
    """Return the additional JSON schema that was noted on a type."""
    if isinstance(kind, inspect.Metadata):
        return {**extra_schema(kind.type), **(kind.extra_json_schema or {})}
    if isinstance(kind, inspect.UnionType):
        return {key: value for part in kind.types for key, value in extra_schema(part).items()}
    return {}


def item_type(kind: inspect.Type) -> inspect.Type | None:
    """Return the type of a list's items; None when it is no list."""
    kind = plain(kind)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return plain(kind.item_type)
    return None


def fields(kind: inspect.StructType) -> Mapping[str, inspect.Type]:
    """Return the fields by the names documents use."""
    return _fields(kind.cls)


@cache
def _fields(kind: type) -> Mapping[str, inspect.Type]:
    # Every part of every manifest asks.
    found = {field.encode_name: plain(field.type) for field in structure(kind).fields}
    return MappingProxyType(found)


def default(field: inspect.Field) -> Any:
    """Return a field's default, `msgspec.NODEFAULT` when it has none."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default
