# SPDX-License-Identifier: Apache-2.0
"""Complete Secrets that were sealed as one text, as before upstream's 0.7."""

import base64
from functools import partial

import pytest
from tests.unit.engine.sealing.api.fleetkeys import (
    CLUSTER_WIDE,
    HUBS,
    OLD,
    in_time,
    opened,
    sealed,
    sealed_secret,
)

from keyfleet.base.codec import decode_json, encode_json
from keyfleet.base.sealing import load_certificate
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.api import answers
from keyfleet.engine.sealing.api.answers import Answer
from keyfleet.sources.sealed.whole import secret_of
from keyfleet.testing.canary import canary, find_canary

WHOLE = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "db",
        "labels": {"app": "db"},
        "annotations": {"note": canary("note").decode()} | CLUSTER_WIDE,
    },
    "type": "kubernetes.io/basic-auth",
    "data": {"password": base64.b64encode(canary("password")).decode()},
}


def whole(content: bytes, name: str = "db") -> bytes:
    certificate = load_certificate(OLD.certificate)
    document = sealed_secret({})
    text = certificate.seal(SecretValue(content), f"shop/{name}".encode())
    return encode_json(document | {"spec": {"data": text, "template": {"type": "Opaque"}}})


convert = partial(secret_of, version="", subject="")


def test_a_complete_secret_becomes_items_of_the_same_place() -> None:
    answer = answers.rotate(HUBS, whole(encode_json(WHOLE)), in_time, convert)
    assert answer.status == 200
    found = decode_json(answer.body, subject="")
    text = found["spec"]["encryptedData"].pop("password")
    assert opened(text, b"shop/db") == canary("password")
    assert found["spec"] == {
        "encryptedData": {},
        "template": {"metadata": {"labels": {"app": "db"}}, "type": "kubernetes.io/basic-auth"},
    }
    assert found["metadata"] == {"namespace": "shop", "name": "db"}
    assert not find_canary(answer.body)


@pytest.mark.parametrize(
    "content",
    [
        b"no JSON",
        b"{}",
        encode_json({"type": "service_account", "private_key": canary("key").decode()}),
        encode_json(WHOLE | {"kind": "ConfigMap"}),
    ],
)
def test_a_value_that_is_no_secret_is_not_taken_apart(content: bytes) -> None:
    """Somebody else's item, given as a complete Secret: nothing of it comes out."""
    assert answers.rotate(HUBS, whole(content), in_time, convert) == Answer(500)


def test_complete_secrets_are_taken_for_their_place_alone_and_only_where_asked_for() -> None:
    body = whole(encode_json(WHOLE))
    assert answers.rotate(HUBS, body, in_time) == Answer(500)
    moved = whole(encode_json(WHOLE), name="other")
    assert answers.rotate(HUBS, moved, in_time, convert) == Answer(500)
    both = decode_json(body, subject="")
    both["spec"]["encryptedData"] = sealed("a")
    assert answers.rotate(HUBS, encode_json(both), in_time, convert) == Answer(500)
