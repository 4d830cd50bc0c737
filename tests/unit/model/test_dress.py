# SPDX-License-Identifier: Apache-2.0
"""Owner references as the API has them."""

from dataclasses import replace

from keyfleet.model.dress import OwnerReference

REFERENCE = OwnerReference("external-secrets.io/v1", "ExternalSecret", "db", "u1")


def test_the_body_is_what_the_api_has() -> None:
    assert REFERENCE.body() == {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "name": "db",
        "uid": "u1",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def test_what_is_not_set_is_not_written() -> None:
    plain = replace(REFERENCE, is_controller=False, blocks_deletion=False)
    assert set(plain.body()) == {"apiVersion", "kind", "name", "uid"}


def test_an_owner_is_the_same_by_kind_and_name() -> None:
    assert REFERENCE.is_same_owner(replace(REFERENCE, uid="u2", api_version="x/v2"))
    assert not REFERENCE.is_same_owner(replace(REFERENCE, name="other"))
    assert not REFERENCE.is_same_owner(replace(REFERENCE, kind="PushSecret"))
