# SPDX-License-Identifier: Apache-2.0
"""Where the value and the metadata of a key are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidIntentError
from keyfleet.sources.vault.paths import clean, data_path, metadata_path, quoted
from keyfleet.sources.vault.spec import VaultSpec


def spec(path: str | None, version: str = "v2") -> VaultSpec:
    return VaultSpec(server="https://vault", path=path, version=version)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "version", "key", "expected"),
    [
        # The table of docs/compat/eso.md, in its order.
        ("secret/path", "v2", "test", "secret/path/data/test"),
        ("secret/path", "v2", "secret/path/test", "secret/path/data/test"),
        ("secret/path", "v2", "secret/path/data/test", "secret/path/data/test"),
        (None, "v2", "secret/test/big/path", "secret/data/test/big/path"),
        (
            None,
            "v2",
            "secret/test/data/not/the/first/and/data/twice",
            "secret/test/data/not/the/first/and/data/twice",
        ),
        ("secret/path", "v1", "test", "secret/path/test"),
        ("secret/path", "v1", "secret/path/test", "secret/path/test"),
        (None, "v1", "secret/test", "secret/test"),
        # What follows from it.
        ("secret", "v2", "data/test", "secret/data/data/test"),
        ("secret", "v1", "secret/data/test", "secret/data/test"),
        ("secret/", "v2", "/a//b/", "secret/data/a/b"),
        ("secret", "v2", "secretive/a", "secret/data/secretive/a"),
        (None, "v1", "database/creds/app", "database/creds/app"),
    ],
)
def test_reads_a_key_where_upstream_does(
    path: str | None, version: str, key: str, expected: str
) -> None:
    assert data_path(spec(path, version), key) == expected


@pytest.mark.parametrize(
    ("path", "version", "key", "expected"),
    [
        ("secret", "v2", "app/db", "secret/metadata/app/db"),
        ("secret", "v2", "secret/app/db", "secret/metadata/app/db"),
        ("secret", "v2", "secret/data/app", "secret/metadata/app"),
        (None, "v2", "secret/data/a/data/b", "secret/metadata/a/data/b"),
    ],
)
def test_finds_metadata_beside_the_data(
    path: str | None, version: str, key: str, expected: str
) -> None:
    assert metadata_path(spec(path, version), key) == expected


def test_refuses_metadata_without_a_mount() -> None:
    with pytest.raises(InvalidIntentError) as caught:
        metadata_path(spec(None), "secret/app")
    assert caught.value.code == "store.query"


@pytest.mark.parametrize("key", ["../auth/token/lookup-self", "a/./b", "a/../../b", "..", "/"])
def test_refuses_keys_that_lead_elsewhere(key: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        clean(key)
    assert caught.value.code == "store.query"


@given(st.text())
def test_a_path_stays_below_its_mount(key: str) -> None:
    """No key reaches another mount, and none becomes a query or a fragment."""
    try:
        path = data_path(spec("secret"), key)
    except InvalidIntentError:
        return
    assert path.startswith("secret/data")
    assert not set("?#\\ \n") & set(quoted(path))
