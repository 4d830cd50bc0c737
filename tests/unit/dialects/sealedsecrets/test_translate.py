# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets as intents: tolerant where upstream is, bound to what the manifest itself says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dialects.sealedsecrets.manifests import (
    intent_of,
    origin,
    rejection_of,
    sealed_secret,
)

from keyfleet.base.sealing import Scope
from keyfleet.dialects.sealedsecrets.marks import SKIP_OWNER
from keyfleet.dialects.sealedsecrets.translate import VALUES_MAX, translate
from keyfleet.model.intent import DeletionPolicy
from keyfleet.model.matchers import ChosenNamespaces, OneCluster, TheHub
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.plugin import Translation

WIDE, WIDEST = (f"sealedsecrets.bitnami.com/{name}-wide" for name in ("namespace", "cluster"))


def read_of(spec: Any, annotations: dict[str, Any] | None = None) -> SealedRead:
    (read,) = intent_of(spec, annotations).reads
    assert isinstance(read.ref, SealedRead)
    return read.ref


def test_a_manifest_of_a_member_counts_there_and_is_opened_with_its_keys() -> None:
    found = intent_of({"encryptedData": {"k": "AgA"}}, cluster="east")
    assert found.key == IntentKey("SealedSecret", "shop", "db", ClusterName("east"))
    assert found.targets.clusters == OneCluster(ClusterName("east"))
    assert (found.targets.namespaces, found.targets.name) == (ChosenNamespaces(("shop",)), "db")
    assert (found.reads[0].source, found.reads[0].ref.cluster) == ("sealed", "east")
    assert intent_of({"encryptedData": {}}).targets.clusters == TheHub()


@pytest.mark.parametrize(
    ("annotations", "scope"),
    [
        ({}, Scope.STRICT),
        ({WIDE: "true"}, Scope.NAMESPACE_WIDE),
        ({WIDEST: "true"}, Scope.CLUSTER_WIDE),
        ({WIDE: "true", WIDEST: "true"}, Scope.CLUSTER_WIDE),
        ({WIDE: "True", WIDEST: "1"}, Scope.STRICT),
        ({"sealedsecrets.bitnami.com/strict": "true", WIDE: "true"}, Scope.NAMESPACE_WIDE),
    ],
)
def test_the_scope_is_told_by_the_manifests_own_annotations(
    annotations: dict[str, str], scope: Scope
) -> None:
    template = {"metadata": {"name": "x", "namespace": "y", "annotations": {WIDEST: "true"}}}
    found = read_of({"encryptedData": {}, "template": template}, annotations)
    assert (found.scope, found.namespace, found.name) == (scope, "shop", "db")


@pytest.mark.parametrize(
    ("given_items", "items"),
    [
        (None, {}),
        ([1], {}),
        ("x", {}),
        ({"a": "x", "b": None, "c": 3, "d": ["x"]}, {"a": "x", "b": "", "c": "", "d": ""}),
    ],
)
def test_whatever_stands_for_items_is_read(given_items: Any, items: dict[str, str]) -> None:
    assert read_of({"encryptedData": given_items}).items == items


@pytest.mark.parametrize(("data", "whole"), [(None, None), ("", ""), ("AgA", "AgA"), (3, "")])
def test_a_whole_secret_is_there_even_where_it_is_empty(data: Any, whole: str | None) -> None:
    template = {"type": "x/y", "immutable": True, "data": {"k": "t"}, "metadata": {}}
    found = intent_of({"data": data, "encryptedData": {"k": "v"}, "template": template})
    assert read_of({"data": data, "encryptedData": {"k": "v"}}).whole == whole
    is_whole = whole is not None
    assert (found.shape.type == "") is is_whole
    assert (found.shape.rendering is None) is is_whole
    assert found.shape.dress.is_immutable is not is_whole


def test_a_template_with_nulls_is_an_empty_one() -> None:
    template = {"metadata": None, "type": None, "immutable": None, "data": None}
    assert intent_of({"encryptedData": {}, "template": template}) == intent_of(
        {"encryptedData": {}, "template": {"stringData": {"pruned": "x"}}}
    )


def test_a_secret_without_a_reference_stays_when_its_manifest_goes() -> None:
    metadata = {"annotations": {SKIP_OWNER: "true"}}
    skipping = intent_of({"template": {"metadata": metadata}})
    assert skipping.shape.dress.is_owner is False
    assert skipping.guard.on_intent_deleted is DeletionPolicy.RETAIN
    assert intent_of({}).guard.on_intent_deleted is DeletionPolicy.DELETE
    whole = intent_of({"data": "AgA", "template": {"metadata": metadata}})
    assert whole.shape.dress.is_owner is False


def test_a_key_in_both_maps_is_noticed() -> None:
    spec = {"encryptedData": {"a": "x", "b": "x"}, "template": {"data": {"b": "t", "c": "t"}}}
    (notice,) = intent_of(spec).notices
    assert notice.startswith("both sealed and in spec.template.data: b;")
    assert intent_of({"encryptedData": {"a": "x"}}).notices == ()


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (None, "spec"),
        ("x", "spec"),
        ({"template": []}, "spec.template"),
        ({"template": {"data": {"a": 1}}}, "spec.template.data[...]"),
        ({"template": {"metadata": {"labels": {"a": 1}}}}, "spec.template.metadata.labels[...]"),
        ({"encryptedData": dict.fromkeys(map(str, range(VALUES_MAX)), "x")}, "spec"),
    ],
)
def test_what_no_reader_understands_is_refused(spec: Any, path: str) -> None:
    found = rejection_of(spec)
    assert (found.reason, found.path) == ("InvalidSpec", path)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["encryptedData", "data", "template", "metadata", "labels", "type", "k"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(spec=trees, annotations=st.dictionaries(st.sampled_from([WIDE, WIDEST]), trees))
def test_no_manifest_raises(spec: Any, annotations: dict[str, Any]) -> None:
    found = translate(sealed_secret(spec, annotations), origin("east"))
    assert isinstance(found, Translation)
    assert len(found.intents) + len(found.rejections) == 1


def test_what_lies_here_for_another_cluster_to_take_is_nothing_of_ours() -> None:
    annotations = {"keyfleet.io/sealed-for": "edge", "keyfleet.io/sealed-into": "shop/db"}
    spec = {"encryptedData": {"k": "AgA"}}
    assert translate(sealed_secret(spec, annotations), origin()) == Translation()
    del annotations["keyfleet.io/sealed-into"]
    # As `keyfleet seal` writes it for whoever the file is given to.
    assert translate(sealed_secret(spec, annotations), origin()).intents
