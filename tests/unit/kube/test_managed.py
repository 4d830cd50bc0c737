# SPDX-License-Identifier: Apache-2.0
"""Which data keys a field manager holds."""

from typing import Any

import msgspec
import pytest

from keyfleet.kube.managed import managed_keys


def body(*entries: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"metadata": {"name": "db", "managedFields": list(entries)}})


def entry(manager: str, fields: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields}


def test_only_keys_below_data_of_that_manager_count() -> None:
    mine = entry("me", {"f:data": {".": {}, "f:a": {}, "f:b.c": {}}, "f:type": {}})
    other = entry("them", {"f:data": {"f:theirs": {}}})
    again = entry("me", {"f:data": {"f:d": {}}, "f:metadata": {"f:labels": {"f:x": {}}}})
    assert managed_keys(body(mine, other, again), "me") == {"a", "b.c", "d"}


@pytest.mark.parametrize("fields", [None, {}, {"f:data": None}, {"f:data": []}, {"f:metadata": {}}])
def test_what_holds_no_data_holds_no_key(fields: Any) -> None:
    assert managed_keys(body(entry("me", fields)), "me") == frozenset()


def test_an_object_without_managed_fields_is_held_by_nobody() -> None:
    assert managed_keys(b'{"metadata":{"name":"db"}}', "me") == frozenset()
    with pytest.raises(msgspec.DecodeError):
        managed_keys(b"[]", "me")
