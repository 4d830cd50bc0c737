# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.secret import SecretValue
from keyfleet.dialects.eso.hashes import data_hash, field_manager, owner_hash, synced_version

PREFIX = "externalsecrets.external-secrets.io/"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"foo": b"value1", "bar": b"value2"},
            "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64",
        ),
        ({}, "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"),
        (
            {"username": b"admin", "password": b"s3cr3t"},
            "4dc87f1bc1b42f99971f11cd8a752c3c1babc6486c0744d841d68c6a",
        ),
    ],
)
def test_hashes_data_as_upstream_does(data: dict[str, bytes], expected: str) -> None:
    values = {key: SecretValue(value) for key, value in data.items()}
    assert data_hash(values) == expected
    assert data_hash(dict(reversed(values.items()))) == expected


def test_an_empty_value_is_not_the_same_as_none() -> None:
    assert data_hash({"a": SecretValue(b"")}) != data_hash({})


def test_hashes_owners_as_upstream_does() -> None:
    expected = "b8464376b5fe3535e690594280bfe59b60be2603cb6cbb6d6c8bcbb4"
    assert owner_hash("default", "my-es") == expected


@pytest.mark.parametrize(
    ("labels", "annotations", "expected"),
    [
        ({}, {}, "f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2"),
        (
            {"app": "x"},
            {"force-sync": "1"},
            "3d12e408db6c49a3ee395b931be03fd96e1d0d404684799ef4cd01b4",
        ),
    ],
)
def test_versions_are_those_of_upstream(
    labels: dict[str, str], annotations: dict[str, str], expected: str
) -> None:
    assert synced_version(7, labels=labels, annotations=annotations) == f"7-{expected}"


def test_every_change_of_metadata_is_another_version() -> None:
    versions = {
        synced_version(1, labels={"a": "b"}, annotations={}),
        synced_version(1, labels={}, annotations={"a": "b"}),
        synced_version(1, labels={}, annotations={}),
        synced_version(2, labels={}, annotations={}),
    }
    assert len(versions) == 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my-es", f"{PREFIX}my-es"),
        ("a" * 27, f"{PREFIX}{'a' * 27}"),
        (
            "payments-api-database-creds1",
            f"{PREFIX}sha3/270b126d299f1e4ec915708cfa4c2c7da99d0042a4e51519167da1d8",
        ),
    ],
)
def test_names_field_managers_as_upstream_does(name: str, expected: str) -> None:
    assert field_manager(name) == expected
