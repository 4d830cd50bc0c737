# SPDX-License-Identifier: Apache-2.0
"""The CRDs on a real API server: structural, useful in `kubectl get`, and of one mind with us."""

from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic
from typing import Any

import pytest

from keyfleet import manifests
from keyfleet.base.errors import InvalidIntentError
from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, FLEETPOLICIES, FLEETSECRETS, Resource
from keyfleet.localplane import ControlPlane
from keyfleet.model.v1alpha1 import (
    FleetClusterSpec,
    FleetPolicySpec,
    FleetSecretSpec,
    FleetSecretStatus,
    Summary,
    parse_spec,
    to_document,
)
from keyfleet.model.v1alpha1.common import ApiStruct
from keyfleet.model.v1alpha1.limits import check_cluster, check_delivery, check_source

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
SEALED = {"encryptedData": {"k": "AgBx"}, "scope": "namespace-wide", "cluster": "east"}
LEAST = {"source": {"secretRef": {"name": "db"}}, "placement": {"clusters": {"names": ["east"]}}}


def until(check: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not check():
        assert monotonic() < deadline, "the condition did not come true in 30 s"
        Event().wait(0.02)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A plane of its own: others test what happens while the kinds are not served."""
    plane = ControlPlane("crds")
    try:
        plane.open()
        for crd in manifests.crds():
            plane.api.must("POST", CRDS.path(), crd)
            name = crd["metadata"]["name"]
            until(lambda name=name: conditions(plane, name).get("Established") == "True")  # type: ignore[misc]
        yield plane
    finally:
        plane.close()


def conditions(plane: ControlPlane, name: str) -> dict[str, str]:
    status = plane.api.must("GET", CRDS.path(name=name)).get("status", {})
    return {found["type"]: found["status"] for found in status.get("conditions") or []}


def made(resource: Resource, spec: Any, name: str = "probe", **more: Any) -> dict[str, Any]:
    place = {"namespace": "default"} if resource.namespaced else {}
    kind = {"apiVersion": resource.api_version, "kind": resource.kind}
    return kind | {"metadata": {"name": name} | place, "spec": spec} | more


def create(plane: ControlPlane, resource: Resource, document: Any, *, dry: bool = False) -> Any:
    query = "?dryRun=All" if dry else ""
    path = resource.path(namespace=document["metadata"].get("namespace", ""))
    return plane.api.call("POST", path + query, document)


@pytest.mark.parametrize("crd", manifests.crds(), ids=lambda crd: str(crd["metadata"]["name"]))
def test_is_structural(plane: ControlPlane, crd: dict[str, Any]) -> None:
    found = conditions(plane, crd["metadata"]["name"])
    assert found == {"NamesAccepted": "True", "Established": "True"}


def test_kubectl_get_shows_how_a_fleetsecret_stands(plane: ControlPlane) -> None:
    document = made(FLEETSECRETS, LEAST, name="table")
    assert create(plane, FLEETSECRETS, document).status == 201
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "NamespaceMissing",
        "message": "west: no namespace",
        "lastTransitionTime": "2026-11-20T10:00:00Z",
    }
    status = to_document(FleetSecretStatus(revision=4, summary=Summary(text="3/4")))
    patch = {"status": status | {"conditions": [ready]}}
    path = FLEETSECRETS.path(namespace="default", name="table")
    merge = "application/merge-patch+json"
    assert plane.api.call("PATCH", f"{path}/status", patch, content_type=merge).status == 200
    table = plane.api.call("GET", path, accept=TABLE).json()
    columns = [found["name"] for found in table["columnDefinitions"] if not found["priority"]]
    assert columns == ["Name", "Ready", "In Sync", "Revision", "Reason", "Age"]
    assert table["rows"][0]["cells"][:5] == ["table", "False", "3/4", 4, "NamespaceMissing"]


def test_kubectl_get_shows_how_a_fleetcluster_stands(plane: ControlPlane) -> None:
    document = made(FLEETCLUSTERS, {"context": "east", "paused": True}, name="east")
    assert create(plane, FLEETCLUSTERS, document).status == 201
    path = FLEETCLUSTERS.path(name="east")
    merge = "application/merge-patch+json"
    patch = {"status": {"reachable": True, "version": "v1.36.3"}}
    assert plane.api.call("PATCH", f"{path}/status", patch, content_type=merge).status == 200
    table = plane.api.call("GET", path, accept=TABLE).json()
    columns = [found["name"] for found in table["columnDefinitions"] if not found["priority"]]
    assert columns == ["Name", "Reachable", "Version", "Reason", "Paused", "Age"]
    assert table["rows"][0]["cells"][:5] == ["east", True, "v1.36.3", None, True]


def test_kubectl_explain_has_descriptions(plane: ControlPlane) -> None:
    path = "/openapi/v3/apis/keyfleet.io/v1alpha1"

    def described() -> bool:
        answer = plane.api.call("GET", path)
        return answer.status == 200 and b"Name of the Secret." in answer.body

    until(described)


def test_keeps_a_misspelt_field_instead_of_dropping_it(plane: ControlPlane) -> None:
    """So that the admission policy and the controller can still see and refuse it."""
    clusters = {"names": ["east"], "exlude": ["west"]}
    document = made(FLEETSECRETS, LEAST | {"placement": {"clusters": clusters}})
    stored = create(plane, FLEETSECRETS, document, dry=True).json()
    assert stored["spec"]["placement"]["clusters"] == clusters


def test_defaults_nothing_in_lists(plane: ControlPlane) -> None:
    document = made(FLEETSECRETS, LEAST | {"data": [{"from": "a"}]})
    spec = create(plane, FLEETSECRETS, document, dry=True).json()["spec"]
    assert spec["data"] == [{"from": "a"}]
    assert (spec["conflictPolicy"], spec["deletionPolicy"]) == ("Refuse", "Delete")


def secret_spec(**more: Any) -> dict[str, Any]:
    return {**LEAST, **more}


SECRETS_OK: list[dict[str, Any]] = [
    LEAST,
    secret_spec(placement={}),
    secret_spec(data=[{"from": "a", "to": "b"}, {"from": "a"}]),
    secret_spec(data=None, template={"type": None}),
    secret_spec(placement={"clusters": {"names": ["arn:aws:eks:eu-1:1:cluster/x", "a@b"]}}),
    secret_spec(source={"secretRef": {"name": "a.b", "namespace": "c", "cluster": "d"}}),
    secret_spec(source={"sealed": SEALED}),
    secret_spec(delivery={"kind": "SealedSecret", "scope": "cluster-wide"}),
    secret_spec(delivery={}),
]
SECRETS_BAD: list[dict[str, Any]] = [
    {},
    {"source": {"secretRef": {"name": "db"}}},
    secret_spec(source={}),
    secret_spec(source={"secretRef": {"name": "Db"}}),
    secret_spec(source={"storeRef": {"name": "vault"}}),
    secret_spec(source={"storeRef": {"name": "vault", "kind": "Other"}, "key": "k"}),
    secret_spec(source={"storeRef": {"name": "vault"}, "key": "k", "secretRef": {"name": "db"}}),
    secret_spec(source={"secretRef": {"name": "db"}, "to": "k"}),
    secret_spec(source={"sealed": {"encryptedData": {}}}),
    secret_spec(source={"sealed": {"encryptedData": {"k": "AgBx"}, "scope": "wide"}}),
    secret_spec(source={"sealed": SEALED, "secretRef": {"name": "db"}}),
    secret_spec(source={"sealed": SEALED, "key": "k"}),
    secret_spec(delivery={"kind": "ConfigMap"}),
    secret_spec(delivery={"scope": "strict"}),
    secret_spec(delivery={"kind": "Secret", "scope": "strict"}),
    secret_spec(delivery={"kind": "SealedSecret", "scope": "wide"}),
    secret_spec(source={"storeRef": {"name": "vault"}, "key": "k", "refreshInterval": "1d"}),
    secret_spec(source={"secretRef": {"name": "db", "cluster": ""}}),
    secret_spec(source={"secretRef": {"name": "db"}, "onMissing": "Drop"}),
    secret_spec(data=[]),
    secret_spec(data=[{"to": "a"}]),
    secret_spec(data=[{"from": "a b"}]),
    secret_spec(data={}),
    secret_spec(paused="yes"),
    secret_spec(conflictPolicy="refuse"),
    secret_spec(template={"metadata": {"labels": {"a": 1}}}),
    secret_spec(placement={"name": "a" * 254}),
    secret_spec(placement={"name": "a\n"}),
    secret_spec(placement={"clusters": {"names": ["prod-*"]}}),
    secret_spec(placement={"clusters": {"names": [""]}}),
    secret_spec(placement={"clusters": {"exclude": ["*"]}}),
    secret_spec(placement={"namespaces": {"names": ["a.b"]}}),
    secret_spec(placement={"namespaces": {"selector": {"matchExpressions": [{"key": "a"}]}}}),
]
REFERENCE = {"namespace": "fleet", "name": "east"}
CLUSTERS_OK: list[dict[str, Any]] = [
    {"context": "a"},
    {"kubeconfigRef": REFERENCE},
    {"inCluster": True, "limits": {"inFlight": 4}, "onRemoved": "Delete"},
    {"context": "a", "inCluster": False},
]
CLUSTERS_BAD: list[dict[str, Any]] = [
    {},
    {"inCluster": False},
    {"context": "a", "inCluster": True},
    {"context": "a", "kubeconfigRef": REFERENCE},
    {"kubeconfigRef": {"name": "east"}},
    {"context": "a", "limits": {"inFlight": 0}},
]
GRANT = {"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}}
POLICIES_OK: list[dict[str, Any]] = [
    {},
    {"namespaces": [{"hub": ["a"], "sources": GRANT, "targets": GRANT | {"kinds": ["Secret"]}}]},
]
POLICIES_BAD: list[dict[str, Any]] = [
    {"namespaces": [{}]},
    {"namespaces": [{"hub": []}]},
    {"namespaces": [{"hub": ["a"], "sources": {"clusters": {}}}]},
    {"namespaces": [{"hub": ["a"], "targets": GRANT | {"kinds": ["Pod"]}}]},
]
Verdict = tuple[Resource, type[ApiStruct], dict[str, Any], bool]
VERDICTS: list[Verdict] = [
    *((FLEETSECRETS, FleetSecretSpec, spec, True) for spec in SECRETS_OK),
    *((FLEETSECRETS, FleetSecretSpec, spec, False) for spec in SECRETS_BAD),
    *((FLEETCLUSTERS, FleetClusterSpec, spec, True) for spec in CLUSTERS_OK),
    *((FLEETCLUSTERS, FleetClusterSpec, spec, False) for spec in CLUSTERS_BAD),
    *((FLEETPOLICIES, FleetPolicySpec, spec, True) for spec in POLICIES_OK),
    *((FLEETPOLICIES, FleetPolicySpec, spec, False) for spec in POLICIES_BAD),
]


def parses(kind: type[ApiStruct], document: dict[str, Any]) -> bool:
    try:
        spec = parse_spec(kind, document)
        if isinstance(spec, FleetClusterSpec):
            check_cluster(spec)
        if isinstance(spec, FleetSecretSpec):
            check_delivery(spec.delivery, path="spec.delivery")
        if isinstance(spec, FleetSecretSpec) and spec.source is not None:
            check_source(spec.source, path="spec.source")
    except InvalidIntentError:
        return False
    return True


@pytest.mark.parametrize(("resource", "kind", "spec", "good"), VERDICTS)
def test_api_server_and_parser_agree(
    plane: ControlPlane,
    resource: Resource,
    kind: type[ApiStruct],
    spec: dict[str, Any],
    good: bool,
) -> None:
    """What the one takes and the other refuses would be a surprise at the worst time."""
    document = made(resource, spec)
    assert create(plane, resource, document, dry=True).status == (201 if good else 422)
    assert parses(kind, document) is good
