# SPDX-License-Identifier: Apache-2.0
"""FleetSecret -> Intent; the golden cases stand in tests/compat/native."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.sealing import Scope
from keyfleet.dialects.native import DIALECT
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.places import ClusterName, NamespaceFacts

ORIGIN = Origin("native", "FleetSecret", "payments", "db", uid="u", generation=3)


def manifest(spec: Any = None, **more: Any) -> dict[str, Any]:
    least = {"source": {"secretRef": {"name": "db"}}, "placement": {"clusters": {"names": ["*"]}}}
    return {"metadata": {"name": "db"}, "spec": least | (spec or {})} | more


def intent(document: dict[str, Any]) -> Intent:
    translation = DIALECT.translate(document, ORIGIN)
    assert translation.rejections == ()
    return translation.intents[0]


def rejection(document: dict[str, Any], origin: Origin = ORIGIN) -> Rejection:
    translation = DIALECT.translate(document, origin)
    assert translation.intents == ()
    return translation.rejections[0]


def test_stays_in_its_own_namespace_by_default() -> None:
    found = intent(manifest())
    assert str(found.reads[0].ref) == "hub/payments/db"
    assert found.targets.namespaces.matches(NamespaceFacts("payments"))
    assert not found.targets.namespaces.matches(NamespaceFacts("other"))
    assert found.targets.name == "db"


def test_an_empty_choice_of_namespaces_is_not_the_default() -> None:
    placement = {"clusters": {"names": ["*"]}, "namespaces": {}}
    found = intent(manifest({"placement": placement}))
    assert not found.targets.namespaces.matches(NamespaceFacts("payments"))


def test_takes_revision_and_fingerprint_from_the_status() -> None:
    found = intent(manifest(status={"revision": 7, "sourceFingerprint": "v1:a:b"}))
    assert (found.revision, found.source_fingerprint) == (7, "v1:a:b")


def test_a_status_that_somebody_broke_refuses_nothing() -> None:
    assert intent(manifest(status={"revision": "x"})).revision == 0
    assert intent(manifest(status={"revision": -4})).revision == 0


def test_reads_the_token_of_a_requested_sync() -> None:
    metadata = {"annotations": {"keyfleet.io/sync-requested": "t1"}}
    assert intent(manifest(metadata=metadata)).sync_requested == "t1"
    assert intent(manifest(metadata={"annotations": None})).sync_requested == ""
    long = {"annotations": {"keyfleet.io/sync-requested": "t" * 254}}
    assert intent(manifest(metadata=long)).sync_requested == ""


def test_refuses_one_key_given_twice() -> None:
    found = rejection(manifest({"data": [{"from": "a"}, {"from": "b", "to": "a"}]}))
    assert (found.reason, found.path) == ("InvalidSpec", "spec.data[1]")


def test_refuses_labels_that_no_object_can_have() -> None:
    found = rejection(manifest({"template": {"metadata": {"labels": {"a b": "c"}}}}))
    assert (found.reason, found.path) == ("InvalidSpec", "spec.template.metadata.labels")


def test_counts_on_the_hub_only() -> None:
    """A member's object must not move secrets anywhere."""
    origin = Origin("native", "FleetSecret", "payments", "db", cluster=ClusterName("east"))
    assert rejection(manifest(), origin).reason == "NotOnHub"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
NAMES = ("source", "data", "template", "placement", "conflictPolicy", "paused", "x")
FIELDS = dict.fromkeys(NAMES, JSON)


@given(st.fixed_dictionaries({}, optional=FIELDS) | JSON, JSON, JSON)
def test_never_raises(spec: Any, metadata: Any, status: Any) -> None:
    document = {"metadata": metadata, "spec": spec, "status": status}
    translation = DIALECT.translate(document, ORIGIN)
    assert len(translation.intents) + len(translation.rejections) == 1


@given(FIELDS["placement"], FIELDS["template"])
def test_never_raises_on_nearly_right_specs(placement: Any, template: Any) -> None:
    spec = {"placement": {"clusters": placement}, "template": {"metadata": template}}
    translation = DIALECT.translate(manifest(spec), ORIGIN)
    assert len(translation.intents) + len(translation.rejections) == 1


@pytest.mark.parametrize(
    ("delivery", "scope"),
    [
        ({}, None),
        ({"kind": "Secret"}, None),
        ({"kind": "SealedSecret"}, Scope.STRICT),
        ({"kind": "SealedSecret", "scope": "cluster-wide"}, Scope.CLUSTER_WIDE),
    ],
)
def test_the_form_of_delivery(delivery: dict[str, Any], scope: Scope | None) -> None:
    targets = intent(manifest({"delivery": delivery})).targets
    assert targets.sealed_as is scope
    assert targets.kind == ("Secret" if scope is None else "SealedSecret")


def test_a_scope_is_for_what_is_sealed() -> None:
    found = rejection(manifest({"delivery": {"scope": "strict"}}))
    assert (found.reason, found.path) == ("InvalidSpec", "spec.delivery.scope")


def test_only_what_is_sealed_goes_over_the_hub() -> None:
    targets = intent(manifest({"delivery": {"kind": "SealedSecret", "via": "Hub"}})).targets
    assert (targets.kind, targets.is_carried) == ("Carrier", True)
    assert not intent(manifest({"delivery": {"kind": "SealedSecret"}})).targets.is_carried
    found = rejection(manifest({"delivery": {"via": "Hub"}}))
    assert (found.reason, found.path) == ("InvalidSpec", "spec.delivery.via")
