# SPDX-License-Identifier: Apache-2.0
"""What a FleetSecret reads: Secrets and stores, one or several."""

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.dialects.native.test_translate import intent, manifest, rejection

from keyfleet.base.sealing import Scope
from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterName
from keyfleet.model.refresh import Refresh, RefreshPolicy
from keyfleet.model.sealed import SealedRead
from keyfleet.model.stores import How, Query, StoreRead, StoreRef

SEALED = {"sealed": {"encryptedData": {"password": "AgBx"}}}
STORE = {"storeRef": {"name": "vault"}, "key": "db/login"}
OWN = StoreRef("SecretStore", "vault", "payments")
WIDE = {"name": "vault", "kind": "ClusterSecretStore"}


def read_of(source: dict[str, Any]) -> tuple[StoreRef, Query, str]:
    (read,) = intent(manifest({"source": source})).reads
    assert isinstance(read.ref, StoreRead)
    assert (read.source, read.path) == ("store", "spec.source")
    return read.ref.store, read.ref.query, read.key


@pytest.mark.parametrize(
    ("more", "store", "query", "key"),
    [
        ({}, OWN, Query(How.MAP, "db/login"), ""),
        ({"to": "password"}, OWN, Query(How.VALUE, "db/login"), "password"),
        (
            {"property": "a.b", "version": "3", "to": "k"},
            OWN,
            Query(How.VALUE, "db/login", "a.b", "3"),
            "k",
        ),
        ({"storeRef": WIDE}, StoreRef("ClusterSecretStore", "vault"), None, ""),
        (
            {"storeRef": {"name": "vault", "namespace": "other"}},
            StoreRef("SecretStore", "vault", "other"),
            None,
            "",
        ),
    ],
)
def test_reads_a_store(
    more: dict[str, Any], store: StoreRef, query: Query | None, key: str
) -> None:
    assert read_of(STORE | more) == (store, query or Query(How.MAP, "db/login"), key)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ({}, "spec.source"),
        ({**STORE, "secretRef": {"name": "db"}}, "spec.source"),
        ({"storeRef": {"name": "vault"}}, "spec.source.key"),
        ({"secretRef": {"name": "db"}, "to": "k"}, "spec.source.to"),
        ({"secretRef": {"name": "db"}, "key": "k"}, "spec.source.key"),
        ({**STORE, "storeRef": {**WIDE, "namespace": "x"}}, "spec.source.storeRef.namespace"),
        ({**STORE, "to": "a/b"}, "spec.source.to"),
        ({"secretRef": {"name": "db"}, "refreshInterval": "1h"}, "spec.source.refreshInterval"),
        ({**STORE, "storeRef": {"name": "vault", "kind": "Other"}}, "spec.source.storeRef.kind"),
        ({**SEALED, **STORE}, "spec.source"),
        ({**SEALED, "secretRef": {"name": "db"}}, "spec.source"),
        ({**SEALED, "to": "k"}, "spec.source.to"),
        ({"sealed": {"encryptedData": {}}}, "spec.source.sealed.encryptedData"),
        ({"sealed": {"encryptedData": {"a/b": "AgBx"}}}, "spec.source.sealed.encryptedData"),
        ({"sealed": {"encryptedData": {"a": ""}}}, "spec.source.sealed.encryptedData[...]"),
        ({"sealed": SEALED["sealed"] | {"scope": "wide"}}, "spec.source.sealed.scope"),
        ({"sealed": SEALED["sealed"] | {"cluster": "*"}}, "spec.source.sealed.cluster"),
    ],
)
def test_a_source_that_is_none_says_where(source: dict[str, Any], path: str) -> None:
    found = rejection(manifest({"source": source}))
    assert (found.reason, found.path) == ("InvalidSpec", path)


def test_reads_what_stands_sealed_in_itself() -> None:
    (read,) = intent(manifest({"source": SEALED})).reads
    assert (read.source, read.path) == ("sealed", "spec.source.sealed")
    assert read.ref == SealedRead(
        "payments", "db", {"password": "AgBx"}, Scope.STRICT, kind="FleetSecret"
    )
    assert read.subject == SecretRef("payments", "db", kind="FleetSecret")


def test_the_scope_and_the_keys_of_sealed_values_are_said() -> None:
    sealed = SEALED["sealed"] | {"scope": "namespace-wide", "cluster": "east"}
    document = manifest({"sources": [{"name": "a", "sealed": sealed}]})
    del document["spec"]["source"]
    (read,) = intent(document).reads
    assert isinstance(read.ref, SealedRead)
    assert (read.ref.scope, read.ref.cluster) == (Scope.NAMESPACE_WIDE, ClusterName("east"))
    assert (read.name, read.ref.label) == ("a", b"payments")


def test_stores_and_secrets_stand_side_by_side() -> None:
    sources = [{"name": "a", **STORE, "to": "k"}, {"name": "b", "secretRef": {"name": "db"}}]
    document = manifest({"sources": sources})
    del document["spec"]["source"]
    first, second = intent(document).reads
    assert (first.name, first.path, first.key) == ("a", "spec.sources[0]", "k")
    assert (second.name, str(second.ref)) == ("b", "hub/payments/db")


@pytest.mark.parametrize(
    ("text", "refresh"),
    [
        (None, Refresh(interval=timedelta(hours=1))),
        ("90s", Refresh(interval=timedelta(seconds=90))),
        ("0", Refresh(RefreshPolicy.ON_CHANGE)),
        ("0s", Refresh(RefreshPolicy.ON_CHANGE)),
    ],
)
def test_stores_are_asked_again_as_often_as_wanted(text: str | None, refresh: Refresh) -> None:
    more = {} if text is None else {"refreshInterval": text}
    assert intent(manifest({"source": STORE | more})).refresh == refresh


def test_secrets_are_watched_and_need_no_interval() -> None:
    assert intent(manifest()).refresh is None


@pytest.mark.parametrize("text", ["1d", "soon", "-1h", "1h 3m"])
def test_an_interval_that_is_none_is_refused(text: str) -> None:
    found = rejection(manifest({"source": {**STORE, "refreshInterval": text}}))
    assert found.path == "spec.source.refreshInterval"


def test_of_several_sources_the_shortest_interval_counts() -> None:
    texts = ("2h", "0", "30m", None)
    sources = [
        {"name": f"s{number}", **STORE, "to": f"k{number}"}
        | ({"refreshInterval": text} if text else {})
        for number, text in enumerate(texts)
    ]
    document = manifest({"sources": sources})
    del document["spec"]["source"]
    assert intent(document).refresh == Refresh(interval=timedelta(minutes=30))


def test_a_changed_spec_or_label_makes_it_due() -> None:
    before = intent(manifest({"source": STORE}))
    metadata = {"name": "db", "labels": {"a": "b"}}
    assert before.version != intent(manifest({"source": STORE}, metadata=metadata)).version
    assert before.version == intent(manifest({"source": STORE})).version
