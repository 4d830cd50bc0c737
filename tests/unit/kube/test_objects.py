# SPDX-License-Identifier: Apache-2.0
import base64

import msgspec
import pytest

from keyfleet.base.codec import encode_json
from keyfleet.kube.objects import Metadata, SecretPage, metadata_of, secret_object
from keyfleet.testing.canary import canary, find_canary

VALUE = canary("object")
WIRE = {
    "metadata": {"name": "db", "namespace": "pay", "uid": "u", "resourceVersion": "7"},
    "type": "kubernetes.io/tls",
    "data": {"password": base64.b64encode(VALUE).decode()},
    "immutable": True,
}


def test_values_of_a_secret_are_decoded_and_wrapped() -> None:
    secret = secret_object(encode_json(WIRE))
    assert secret.data["password"].size == len(VALUE)
    assert (secret.type, secret.immutable) == ("kubernetes.io/tls", True)
    assert not find_canary(repr(secret))


def test_a_secret_without_data_or_type_is_empty_and_opaque() -> None:
    secret = secret_object(b'{"metadata": {"name": "db"}}')
    assert (dict(secret.data), secret.type, secret.immutable) == ({}, "Opaque", False)


def test_what_is_no_secret_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        secret_object(b'{"data": {"password": 7}}')


@pytest.mark.parametrize("items", ["null", "[]"])
def test_a_page_without_items_is_empty(items: str) -> None:
    page = msgspec.json.decode(f'{{"items": {items}}}', type=SecretPage)
    assert page.secrets() == []


def test_metadata_keeps_absent_maps_apart_from_empty_ones() -> None:
    """A JSON patch has to create a map that is absent."""
    assert metadata_of({"metadata": {"name": "a", "labels": {}}}) == Metadata(name="a", labels={})
    assert metadata_of({}).labels is None


def test_the_key_of_a_cluster_scoped_object_has_no_namespace() -> None:
    assert metadata_of({"metadata": {"name": "a"}}).key == ("", "a")
