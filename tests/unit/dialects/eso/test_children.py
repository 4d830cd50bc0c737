# SPDX-License-Identifier: Apache-2.0
"""Which ExternalSecrets a ClusterExternalSecret makes, changes and deletes, and what it says."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.dialects.eso.children import FORCE_SYNC, brood
from keyfleet.dialects.eso.childreport import report_brood
from keyfleet.model.places import NamespaceFacts
from keyfleet.plugin.parents import Around, Brood

SPEC = {"secretStoreRef": {"name": "vault"}, "dataFrom": [{"extract": {"key": "db"}}]}
NAMESPACES = {
    name: NamespaceFacts(name, {"kubernetes.io/metadata.name": name, "team": team})
    for name, team in (("a", "x"), ("b", "x"), ("c", "y"))
}


def parent(annotations: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    fields = {"externalSecretSpec": SPEC, "namespaces": ["a"]} | spec
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterExternalSecret",
        "metadata": {"name": "db", "uid": "p-1", "annotations": dict(annotations or {})},
        "spec": {name: value for name, value in fields.items() if value is not None},
    }


OWNER = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ClusterExternalSecret",
    "name": "db",
    "uid": "p-1",
    "controller": True,
    "blockOwnerDeletion": True,
}


def child(namespace: str, name: str = "db", *, mine: bool = True, **fields: Any) -> dict[str, Any]:
    metadata = {
        "namespace": namespace,
        "name": name,
        "uid": f"u-{namespace}",
        "resourceVersion": "1",
    }
    owners = {"ownerReferences": [OWNER]} if mine else {}
    return {"metadata": {**metadata, **owners, **fields.pop("metadata", {})}, "spec": SPEC} | fields


def planned(
    manifest: dict[str, Any],
    *children: dict[str, Any],
    namespaces: Mapping[str, NamespaceFacts] = NAMESPACES,
) -> Brood:
    return brood(manifest, Around(namespaces, children))


def places(children: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in children]


def test_a_child_is_what_the_parent_says_and_belongs_to_it() -> None:
    metadata = {"labels": {"l": "1"}, "annotations": {"n": "2"}}
    found = planned(parent(externalSecretMetadata=metadata))
    assert found.create == (
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {
                "namespace": "a",
                "name": "db",
                "labels": {"l": "1"},
                "annotations": {"n": "2"},
                "ownerReferences": [OWNER],
            },
            "spec": SPEC,
        },
    )
    assert (found.name, found.provisioned, found.failed) == ("db", ("a",), {})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"namespaces": ["a", "nowhere"]}, ["a"]),
        ({"namespaceSelector": {"matchLabels": {"team": "y"}}}, ["a", "c"]),
        ({"namespaces": None, "namespaceSelector": {}}, ["a", "b", "c"]),
        (
            {
                "namespaces": None,
                "namespaceSelectors": [
                    {"matchLabels": {"team": "y"}},
                    {"matchExpressions": [{"key": "team", "operator": "In", "values": ["x"]}]},
                ],
            },
            ["a", "b", "c"],
        ),
        ({"namespaces": None}, []),
    ],
)
def test_namespaces_are_chosen_by_any_way(spec: dict[str, Any], expected: list[str]) -> None:
    assert list(planned(parent(**spec)).provisioned) == expected


def test_a_child_that_is_as_wanted_is_left_alone() -> None:
    found = planned(parent(), child("a"))
    assert (found.create, found.change, found.delete) == ((), (), ())
    assert found.provisioned == ("a",)


def test_defaults_of_an_api_server_are_no_edit() -> None:
    defaulted = {
        "secretStoreRef": {"name": "vault"},
        "refreshInterval": "1h0m0s",
        "target": {"creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "dataFrom": [{"extract": {"key": "db", "conversionStrategy": "Default"}}],
    }
    assert planned(parent(), child("a", spec=defaulted)).change == ()


@pytest.mark.parametrize(
    "edit",
    [
        {"spec": {**SPEC, "refreshInterval": "5m"}},
        {"spec": {**SPEC, "target": {"template": {}}}},
        {"spec": {"dataFrom": []}},
        {"metadata": {"labels": {"more": "1"}}},
        {"metadata": {"annotations": {FORCE_SYNC: "now"}}},
    ],
)
def test_what_somebody_edits_is_put_back(edit: dict[str, Any]) -> None:
    (changed,) = planned(parent(), child("a", **edit)).change
    assert changed["spec"] == SPEC
    assert (changed["metadata"]["uid"], changed["metadata"]["resourceVersion"]) == ("u-a", "1")
    assert changed["metadata"]["labels"] == changed["metadata"]["annotations"] == {}


def test_a_request_to_sync_one_child_is_no_edit() -> None:
    asked = {"annotations": {"keyfleet.io/sync-requested": "t"}}
    assert planned(parent(), child("a", metadata=asked)).change == ()


def test_a_forced_sync_reaches_every_child_and_goes_again() -> None:
    forced = parent({FORCE_SYNC: "1", "other": "x"})
    (changed,) = planned(forced, child("a")).change
    assert changed["metadata"]["annotations"] == {FORCE_SYNC: "1"}
    synced = child("a", metadata={"annotations": {FORCE_SYNC: "1"}})
    assert planned(forced, synced).change == ()
    (back,) = planned(parent(), synced).change
    assert back["metadata"]["annotations"] == {}


def test_children_of_others_are_left_alone_and_said_so() -> None:
    found = planned(parent(namespaces=["a", "b"]), child("a", mine=False))
    assert places(found.create) == [("b", "db")]
    assert (found.change, found.delete, found.provisioned) == ((), (), ("b",))
    assert found.failed == {"a": "external secret already exists in namespace"}


def test_children_under_another_name_or_elsewhere_go() -> None:
    found = planned(
        parent(externalSecretName="new"),
        child("a"),
        child("b", "new"),
        child("c", mine=False),
    )
    assert places(found.create) == [("a", "new")]
    assert sorted(places(found.delete)) == [("a", "db"), ("b", "new")]


def test_a_namespace_that_goes_gets_no_child_and_loses_none() -> None:
    going = {"a": NamespaceFacts("a", is_terminating=True)}
    assert planned(parent(), namespaces=going) == Brood("db", failed={}, again=timedelta(hours=1))
    assert planned(parent(), child("a"), namespaces=going).delete == ()


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"externalSecretSpec": None}, "spec.externalSecretSpec"),
        ({"refreshTime": "1d"}, "spec.refreshTime"),
        ({"namespaces": "a"}, "spec.namespaces"),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
            "spec.namespaceSelector.matchExpressions[0]",
        ),
    ],
)
def test_what_cannot_be_understood_changes_nothing(spec: dict[str, Any], path: str) -> None:
    found = planned(parent(**spec), child("b"))
    assert found.rejection is not None
    assert found.rejection.path == path
    assert (found.create, found.change, found.delete) == ((), (), ())


def test_when_to_look_again() -> None:
    assert planned(parent(refreshTime="5m")).again == timedelta(minutes=5)
    for short in ("1ns", "999ms"):
        assert planned(parent(refreshTime=short)).again == timedelta(seconds=1)
    for never in ("0", "-5s"):
        assert planned(parent(refreshTime=never)).again == timedelta(hours=1)


NAMES = st.sampled_from(["a", "b", "c"])
CHILDREN = st.dictionaries(
    st.tuples(NAMES, st.sampled_from(["db", "old"])), st.booleans(), max_size=6
)


@given(st.sets(NAMES), CHILDREN)
def test_what_is_planned_leads_to_what_is_wanted(
    wanted: set[str], there: dict[tuple[str, str], bool]
) -> None:
    manifest = parent(namespaces=sorted(wanted))
    children = {place: child(*place, mine=mine) for place, mine in there.items()}
    found = planned(manifest, *children.values())
    for one in found.delete:
        del children[places([one])[0]]
    for one in (*found.create, *found.change):
        children[places([one])[0]] = dict(one)
    again = planned(manifest, *children.values())
    assert (again.create, again.change, again.delete) == ((), (), ())
    assert set(again.provisioned) | set(again.failed or {}) == wanted
    assert all(place in children for place, mine in there.items() if not mine)


def test_status_golden() -> None:
    manifest = parent() | {"status": {"more": 1, "failedNamespaces": [{}]}}
    done = Brood("db", provisioned=("b", "a"), failed={})
    assert report_brood(done, {}, manifest).status == {
        "more": 1,
        "externalSecretName": "db",
        "provisionedNamespaces": ["a", "b"],
        "conditions": [{"type": "Ready", "status": "True"}],
    }


def test_status_of_namespaces_that_fail() -> None:
    planned_ = Brood("db", provisioned=("a", "b"), failed={"c": "taken"})
    assert report_brood(planned_, {"b": "forbidden"}, parent()).status == {
        "externalSecretName": "db",
        "failedNamespaces": [
            {"namespace": "b", "reason": "forbidden"},
            {"namespace": "c", "reason": "taken"},
        ],
        "provisionedNamespaces": ["a"],
        "conditions": [
            {"type": "Ready", "status": "False", "message": "one or more namespaces failed"}
        ],
    }


def test_status_of_what_cannot_be_understood() -> None:
    manifest = parent(refreshTime="x") | {"status": {"provisionedNamespaces": ["a"]}}
    status = report_brood(planned(manifest), {}, manifest).status
    assert status == {
        "provisionedNamespaces": ["a"],
        "conditions": [
            {"type": "Ready", "status": "False", "message": "spec.refreshTime: not a duration"}
        ],
    }
