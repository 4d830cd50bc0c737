# SPDX-License-Identifier: Apache-2.0
"""What the API answers, and what rotate makes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.sealing.api.fleetkeys import (
    CLUSTER_WIDE,
    EAST,
    FOREIGN,
    HUB,
    HUBS,
    KEYS,
    NAMESPACE_WIDE,
    NEW,
    FleetKeys,
    in_time,
    keyset,
    opened,
    rotate,
    rotated,
    sealed,
    sealed_secret,
    verify,
)

from keyfleet.base.codec import encode_json, encode_yaml
from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Scope, load_certificate
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.api import answers
from keyfleet.engine.sealing.api.answers import Answer
from keyfleet.testing.canary import canary

SCOPES = [
    (Scope.STRICT, {}),
    (Scope.NAMESPACE_WIDE, NAMESPACE_WIDE),
    (Scope.CLUSTER_WIDE, CLUSTER_WIDE),
]

# What is answered.


def test_the_certificate_is_the_newest_of_the_cluster_that_is_named() -> None:
    hub, east = (answers.certificate(KEYS.certificate(cluster)) for cluster in (HUB, EAST))
    assert hub.content_type == "application/x-pem-file"
    assert (hub.body, east.body) == (NEW.certificate, FOREIGN.certificate)


def test_without_a_key_there_is_no_certificate_and_no_rotation() -> None:
    assert answers.certificate(None) == Answer(500, b"cannot get certificate\n")
    keyless = FleetKeys({HUB: ()}).of(HUB)
    body = encode_json(sealed_secret({}))
    assert answers.rotate(keyless, body, in_time) == Answer(500, b"cannot get certificate\n")
    assert answers.verify(keyless, encode_json(sealed_secret(sealed("a"))), in_time).status == 409


@pytest.mark.parametrize(("scope", "annotations"), SCOPES)
def test_what_opens_is_verified_with_any_key_in_json_and_yaml(
    scope: Scope, annotations: dict[str, str]
) -> None:
    items = sealed("a", scope=scope) | sealed("b", pair=NEW, scope=scope)
    document = sealed_secret(items, annotations=annotations)
    assert verify(document) == Answer(200)
    yaml = encode_yaml(document).encode()
    assert answers.verify(HUBS, b"---\n" + yaml, in_time) == Answer(200)


def test_large_values_in_yaml_are_read() -> None:
    certificate = load_certificate(NEW.certificate)
    text = certificate.seal(SecretValue(canary("large") + bytes(700_000)), b"shop/db")
    folded = "\n".join(f"      {text[at : at + 76]}" for at in range(0, len(text), 76))
    yaml = encode_yaml(sealed_secret({"a": "TEXT"})).replace("TEXT", f"|\n{folded}")
    assert answers.verify(HUBS, yaml.encode(), in_time) == Answer(200)


def test_each_cluster_verifies_with_its_own_keys() -> None:
    document = sealed_secret(sealed("a", pair=FOREIGN))
    assert verify(document, EAST).status == 200
    assert verify(document, HUB).status == 409
    assert rotate(document, HUB).status == 500


def test_nothing_sealed_opens() -> None:
    assert verify(sealed_secret({})).status == 200


NOT_ONE = {
    "nothing": b"",
    "no manifest": b"hello",
    "a list": b"[]",
    "no JSON": b'{"apiVersion": "bitnami.com/v1alpha1", ',
    "another kind": encode_json(sealed_secret({}) | {"kind": "Secret"}),
    "another group": encode_json(sealed_secret({}) | {"apiVersion": "v1"}),
    "no metadata": encode_json(sealed_secret({}) | {"metadata": 1}),
    "a number for a name": encode_json(sealed_secret({}) | {"metadata": {"name": 1}}),
    "numbers for annotations": encode_json(
        sealed_secret({}) | {"metadata": {"annotations": {"a": 1}}}
    ),
    "two": b"---\n".join([encode_yaml(sealed_secret({})).encode()] * 2),
    "two in JSON": encode_json(sealed_secret({})) * 2,
    "no UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "deep in YAML": b"- " * 100_000,
    "many items": encode_json(sealed_secret({str(number): "" for number in range(1001)})),
    "half a character": b'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nx: "\\ud800"\n',
    "a bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % (name - 1)] * 9))
        for name in range(ord("b"), ord("m"))
    ),
    "many nodes": encode_yaml(sealed_secret({})).encode() + b"x:\n" + b"- a\n" * 50_001,
    "a tag": b"!!python/object/apply:os.system [id]",
    "too large": b"#" * (2 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("body", NOT_ONE.values(), ids=NOT_ONE)
def test_what_is_not_one_sealed_secret_gets_a_constant_answer(body: bytes) -> None:
    for ask in (answers.verify, answers.rotate):
        assert ask(HUBS, body, in_time) == Answer(500)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_no_body_is_answered_with_anything_else(body: bytes) -> None:
    for ask in (answers.verify, answers.rotate):
        assert ask(HUBS, body, in_time) == Answer(500)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=300)
@given(
    _VALUES,
    st.sampled_from(["metadata", "spec", "status"]),
    st.sampled_from(["", "annotations", "namespace", "encryptedData", "data", "template"]),
    _VALUES,
)
def test_no_manifest_makes_the_answers_fail(whole: Any, field: str, inner: str, value: Any) -> None:
    document = sealed_secret({}) | {field: {inner: value} if inner else whole}
    body = encode_yaml(document).encode("utf-8", "surrogatepass")
    assert answers.verify(HUBS, body, in_time).status in (200, 409, 500)
    assert answers.rotate(HUBS, body, in_time).status in (200, 500)


# What rotate makes.


@pytest.mark.parametrize(("scope", "annotations"), SCOPES)
def test_items_are_sealed_anew_with_the_newest_key_for_the_same_place(
    scope: Scope, annotations: dict[str, str]
) -> None:
    document = sealed_secret(sealed("a", "b", scope=scope), annotations=annotations)
    found = rotated(document)
    label = scope.label("shop", "db")
    items = found["spec"]["encryptedData"]
    assert {name: opened(text, label) for name, text in items.items()} == {
        "a": canary("a"),
        "b": canary("b"),
    }
    assert found["metadata"].get("annotations", {}) == annotations
    for other in {"shop/db", "shop", ""} - {label.decode()}:
        with pytest.raises(DeniedError):
            keyset(NEW).open(items["a"], other.encode())


def test_templates_and_metadata_stay_and_nothing_is_rendered() -> None:
    template = {
        "metadata": {"labels": {"app": "db"}, "annotations": {"team": "shop"}},
        "type": "kubernetes.io/basic-auth",
        "immutable": True,
        "data": {"url": '{{ .a }}{{ fail "rendered" }}', "broken": "{{"},
    }
    document = sealed_secret(sealed("a"), annotations={"note": "kept"}, template=template)
    document["metadata"]["labels"] = {"app": "db"}
    found = rotated(document)
    assert found["spec"]["template"] == template
    assert found["metadata"] == document["metadata"]
    assert list(found["spec"]["encryptedData"]) == ["a"]


def test_what_belongs_to_one_server_is_left_out() -> None:
    document = sealed_secret(
        sealed("a"),
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        template={"metadata": {"name": "db", "uid": "1", "creationTimestamp": None}},
    )
    document["metadata"] |= {"uid": "1", "resourceVersion": "2", "managedFields": []}
    document["status"] = {"observedGeneration": 1}
    found = rotated(document)
    assert found["metadata"] == {"namespace": "shop", "name": "db"}
    assert found["spec"]["template"] == {"metadata": {"name": "db"}}
    assert "status" not in found
