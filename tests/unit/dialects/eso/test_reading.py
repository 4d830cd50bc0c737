# SPDX-License-Identifier: Apache-2.0
"""Entries of manifests as questions to stores, in the order in which answers are put together."""

from tests.unit.dialects.eso.manifests import ENTRY, intent_of

from keyfleet.model.assembly import (
    ConflictRule,
    Conversion,
    MergeRewrite,
    MergeStrategy,
    Piece,
    RegexpRewrite,
    TransformRewrite,
)
from keyfleet.model.decoding import Decoding
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import How, Query, Search, StoreRead, StoreRef

VAULT = StoreRef("SecretStore", "vault", "shop")


def pieces(intent: Intent) -> tuple[Piece, ...]:
    assert intent.shape.assembly is not None
    return intent.shape.assembly.pieces


def asked(intent: Intent) -> list[StoreRead]:
    assert {read.source for read in intent.reads} == {"store"}
    return [read.ref for read in intent.reads if isinstance(read.ref, StoreRead)]


def test_one_value() -> None:
    remote = {
        "key": "db",
        "property": "pw",
        "version": "3",
        "metadataPolicy": "Fetch",
        "decodingStrategy": "Base64URL",
        "nullBytePolicy": "Fail",
    }
    found = intent_of({"data": [{"secretKey": "password", "remoteRef": remote}]})
    assert asked(found) == [StoreRead(VAULT, Query(How.VALUE, "db", "pw", "3", is_metadata=True))]
    assert pieces(found) == (
        Piece(
            How.VALUE,
            secret_key="password",
            decoding=Decoding.BASE64_URL,
            fails_on_null=True,
            path="spec.data[0]",
            key="db",
        ),
    )


def test_bulk_entries_come_first() -> None:
    found = intent_of({"dataFrom": [{"extract": {"key": "a"}}, {"find": {"path": "b"}}]})
    paths = ["spec.dataFrom[0]", "spec.dataFrom[1]", "spec.data[0]"]
    assert [read.path for read in found.reads] == paths
    assert [piece.path for piece in pieces(found)] == paths
    assert [piece.how for piece in pieces(found)] == [How.MAP, How.SEARCH, How.VALUE]


def test_a_whole_secret_with_rewrites() -> None:
    entry = {
        "extract": {"key": "a", "conversionStrategy": "Unicode", "decodingStrategy": "Auto"},
        "rewrite": [
            {"regexp": {"source": "^x", "target": "$1"}},
            {"transform": {"template": "{{ .value | upper }}"}},
            {"merge": {}},
            {
                "merge": {
                    "into": "all",
                    "priority": ["b", "a"],
                    "priorityPolicy": "IgnoreNotFound",
                    "conflictPolicy": "Ignore",
                    "strategy": "JSON",
                }
            },
        ],
    }
    (piece,) = pieces(intent_of({"data": None, "dataFrom": [entry]}))
    assert (piece.conversion, piece.decoding) == (Conversion.UNICODE, Decoding.AUTO)
    assert piece.rewrites == (
        RegexpRewrite("^x", "$1"),
        TransformRewrite("{{ .value | upper }}"),
        MergeRewrite(),
        MergeRewrite(
            "all",
            ("b", "a"),
            MergeStrategy.JSON,
            ConflictRule.IGNORE,
            allows_absent=True,
        ),
    )


def test_a_search() -> None:
    find = {"name": {"regexp": "db-.*"}, "tags": {"b": "2", "a": "1"}, "path": "prod/"}
    found = intent_of({"data": None, "dataFrom": [{"find": find}]})
    search = Search("db-.*", (("a", "1"), ("b", "2")), "prod/")
    assert asked(found) == [StoreRead(VAULT, Query(How.SEARCH, search=search))]


def test_generators_are_asked_like_stores() -> None:
    entries = [
        {"sourceRef": {"generatorRef": {"kind": kind, "name": "pw"}}}
        for kind in ("Password", "ClusterGenerator")
    ]
    found = intent_of({"data": None, "secretStoreRef": None, "dataFrom": entries}, "east")
    east = ClusterName("east")
    assert [read.store for read in asked(found)] == [
        StoreRef("Password", "pw", "shop", east),
        StoreRef("ClusterGenerator", "pw", "", east),
    ]
    assert {piece.how for piece in pieces(found)} == {How.GENERATE}


def test_an_entry_may_name_its_own_store() -> None:
    own = {"storeRef": {"name": "aws", "kind": "ClusterSecretStore"}}
    spec = {"data": [ENTRY, {**ENTRY, "secretKey": "b", "sourceRef": own}]}
    stores = [read.store for read in asked(intent_of(spec))]
    assert stores == [VAULT, StoreRef("ClusterSecretStore", "aws")]


def test_a_generator_in_data_is_looked_over_as_upstream_does() -> None:
    ignored = {"generatorRef": {"kind": "Password", "name": "pw"}}
    (read,) = asked(intent_of({"data": [{**ENTRY, "sourceRef": ignored}]}))
    assert read.store == VAULT


def test_a_store_alone_asks_for_nothing() -> None:
    found = intent_of({"dataFrom": [{"sourceRef": {"storeRef": {"name": "x"}}}]})
    assert [read.path for read in found.reads] == ["spec.data[0]"]


def test_what_is_missing_is_skipped_unless_the_target_is_retained() -> None:
    for policy, skips in (("Retain", False), ("Delete", True), ("Merge", True)):
        spec = {"target": {"deletionPolicy": policy}, "dataFrom": [{"extract": {"key": "a"}}]}
        assert {piece.skips_missing for piece in pieces(intent_of(spec))} == {skips}


def test_stores_are_looked_for_where_the_manifest_was_found() -> None:
    (read,) = asked(intent_of(cluster="east"))
    assert read.store == StoreRef("SecretStore", "vault", "shop", ClusterName("east"))
