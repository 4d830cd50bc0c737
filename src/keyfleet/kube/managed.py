# SPDX-License-Identifier: Apache-2.0
"""Which data keys of an object one writer holds, as `metadata.managedFields` has it."""

from typing import Any

import msgspec

_FIELD = "f:"


class _Entry(msgspec.Struct, rename="camel"):
    manager: str = ""
    fields_v1: dict[str, Any] | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    managed_fields: list[_Entry] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata


def managed_keys(body: bytes, manager: str) -> frozenset[str]:
    """Return the keys below `data` that a field manager holds; `msgspec.DecodeError` as usual."""
    found = msgspec.json.decode(body, type=_Object)
    held: set[str] = set()
    for entry in found.metadata.managed_fields or ():
        data = (entry.fields_v1 or {}).get(f"{_FIELD}data")
        if entry.manager == manager and isinstance(data, dict):
            held |= {name.removeprefix(_FIELD) for name in data if name.startswith(_FIELD)}
    return frozenset(held)
