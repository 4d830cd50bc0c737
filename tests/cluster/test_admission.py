# SPDX-License-Identifier: Apache-2.0
"""The admission policies on a real API server, with real users who hold few rights."""

import http.client
from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from keyfleet import manifests
from keyfleet.base.codec import encode_json
from keyfleet.kube.resources import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    CRDS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    NAMESPACES,
    Resource,
)
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.api import Api
from keyfleet.localplane.connections import Answer, client_context

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
TENANT = "tenant"
RESOURCES = {
    found.kind: found for found in (NAMESPACES, CRDS, ADMISSION_POLICIES, ADMISSION_BINDINGS)
}
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def until(check: Callable[[], bool]) -> None:
    deadline = monotonic() + 60
    while not check():
        assert monotonic() < deadline, "the condition did not come true in 60 s"
        Event().wait(0.02)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A plane of its own, with everything installed and in force."""
    plane = ControlPlane("admission", users={TENANT: ()})
    try:
        plane.open()
        for manifest in manifests.everything():
            plane.api.must("POST", RESOURCES[manifest["kind"]].path(), manifest)
        for resource, probe in manifests.probes(manifests.SYSTEM_NAMESPACE):
            path = resource.path(namespace=probe["metadata"].get("namespace", ""))
            until(lambda path=path, probe=probe: _is_refused(plane, path, probe))  # type: ignore[misc]
        give_rights(plane)
        yield plane
    finally:
        plane.close()


def _is_refused(plane: ControlPlane, path: str, probe: dict[str, Any]) -> bool:
    return plane.api.call("POST", f"{path}?dryRun=All", probe).status == 422


def give_rights(plane: ControlPlane) -> None:
    """Let the tenant write FleetSecrets in `default`, read one Secret and use one cluster."""
    all_verbs = ["get", "create", "update", "patch"]
    rules = [
        {"apiGroups": ["keyfleet.io"], "resources": ["fleetsecrets"], "verbs": all_verbs},
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": ["mine"],
            "verbs": ["get"],
        },
    ]
    use = {"apiGroups": ["keyfleet.io"], "resources": ["fleetclusters"], "verbs": ["use"]}
    bind(plane, "Role", rules, "/namespaces/default")
    bind(plane, "ClusterRole", [use | {"resourceNames": ["east"]}], "")


def bind(plane: ControlPlane, kind: str, rules: list[dict[str, Any]], place: str) -> None:
    role = {"metadata": {"name": TENANT}, "rules": rules}
    binding = {
        "metadata": {"name": TENANT},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": TENANT},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": TENANT}],
    }
    plural = f"{kind.lower()}s"
    plane.api.must("POST", f"{RBAC}{place}/{plural}", role)
    plane.api.must("POST", f"{RBAC}{place}/{plural[:-1]}bindings", binding)


@pytest.fixture
def tenant(plane: ControlPlane) -> Api:
    return Api(plane.url, plane.ca_pem, plane.tokens[TENANT])


def spec(**more: Any) -> dict[str, Any]:
    placement = {"clusters": {"names": ["east"]}}
    return {"source": {"secretRef": {"name": "mine"}}, "placement": placement} | more


def made(resource: Resource, name: str, body: Any, **more: Any) -> dict[str, Any]:
    place = {"namespace": "default"} if resource.namespaced else {}
    kind = {"apiVersion": resource.api_version, "kind": resource.kind}
    return kind | {"metadata": {"name": name} | place, "spec": body} | more


def post(api: Api, body: Any, **more: Any) -> Answer:
    path = FLEETSECRETS.path(namespace="default")
    return api.call("POST", f"{path}?dryRun=All", made(FLEETSECRETS, "probe", body, **more))


def message(answer: Answer) -> str:
    return str(answer.json()["message"])


UNKNOWN = [
    ("spec.relpace", spec(relpace="Recreate")),
    ("spec.source.sekretRef", spec(source={"secretRef": {"name": "mine"}, "sekretRef": {}})),
    ("spec.data[].too", spec(data=[{"from": "a"}, {"from": "b", "too": "c"}])),
    ("spec.template.metadata.lables", spec(template={"metadata": {"lables": {}}})),
    ("spec.placement.clusters.exlude", spec(placement={"clusters": {"exlude": ["west"]}})),
    (
        "spec.placement.clusters.selector.matchExpressions[].value",
        spec(
            placement={
                "clusters": {
                    "selector": {
                        "matchExpressions": [{"key": "a", "operator": "Exists", "value": "b"}]
                    }
                }
            }
        ),
    ),
]


@pytest.mark.parametrize(("path", "body"), UNKNOWN)
def test_refuses_an_unknown_field_with_its_path_at_post(
    tenant: Api, path: str, body: dict[str, Any]
) -> None:
    answer = post(tenant, body)
    assert answer.status == 422
    assert message(answer).endswith(f"unknown field: {path}")


def test_refuses_an_unknown_field_beside_the_spec(tenant: Api) -> None:
    answer = post(tenant, spec(), sepc={})
    assert answer.status == 422
    assert message(answer).endswith("unknown field: sepc")


def test_names_every_unknown_field(tenant: Api) -> None:
    answer = post(tenant, spec(one=1, data=[{"from": "a", "two": 2, "three": 3}]))
    assert all(word in message(answer) for word in ("spec.one", "data[].two", "data[].three"))


@pytest.mark.parametrize(("path", "body"), UNKNOWN)
def test_refuses_an_unknown_field_at_apply(tenant: Api, path: str, body: dict[str, Any]) -> None:
    place = FLEETSECRETS.path(namespace="default", name="applied")
    query = "?fieldManager=test&dryRun=All"
    document = made(FLEETSECRETS, "applied", body)
    answer = tenant.call("PATCH", place + query, document, content_type=APPLY)
    assert answer.status == 422
    assert message(answer).endswith(f"unknown field: {path}")


def test_refuses_an_unknown_field_at_update(plane: ControlPlane, tenant: Api) -> None:
    document = made(FLEETSECRETS, "updated", spec())
    plane.api.must("POST", FLEETSECRETS.path(namespace="default"), document)
    place = FLEETSECRETS.path(namespace="default", name="updated")
    answer = tenant.call("PATCH", place, {"spec": {"pausd": True}}, content_type=MERGE)
    assert answer.status == 422
    assert message(answer).endswith("unknown field: spec.pausd")


@pytest.mark.parametrize(
    ("resource", "body", "path"),
    [
        (FLEETCLUSTERS, {"context": "a", "limits": {"inflight": 3}}, "spec.limits.inflight"),
        (
            FLEETPOLICIES,
            {
                "namespaces": [
                    {"hub": ["a"]},
                    {
                        "hub": ["b"],
                        "targets": {
                            "clusters": {
                                "selector": {
                                    "matchExpressions": [
                                        {"key": "a", "operator": "Exists", "valus": []}
                                    ]
                                }
                            },
                            "namespaces": {"names": ["*"]},
                        },
                    },
                ]
            },
            "spec.namespaces[].targets.clusters.selector.matchExpressions[].valus",
        ),
        (FLEETPOLICIES, {"flowz": []}, "spec.flowz"),
    ],
)
def test_refuses_unknown_fields_of_the_other_kinds(
    plane: ControlPlane, resource: Resource, body: dict[str, Any], path: str
) -> None:
    document = made(resource, "probe", body)
    answer = plane.api.call("POST", f"{resource.path()}?dryRun=All", document)
    assert answer.status == 422
    assert message(answer).endswith(f"unknown field: {path}")


def test_a_large_object_is_judged_and_not_refused_for_its_size(plane: ControlPlane) -> None:
    """The policies have a budget of work, and fail closed beyond it."""
    names = [f"n{index}" for index in range(1000)]
    keys = [{"from": name, "to": name} for name in names]
    chosen = {"clusters": {"names": names}, "namespaces": {"names": names}}
    assert post(plane.api, spec(data=keys, placement=chosen)).status == 201
    expressions = [{"key": f"k{index}", "operator": "Exists"} for index in range(10)]
    selected = {"names": ["a"], "selector": {"matchExpressions": expressions}}
    scope = {"clusters": selected, "namespaces": selected}
    grants = [{"hub": [name], "targets": scope} for name in names[:300]]
    document = made(FLEETPOLICIES, "large", {"namespaces": grants})
    path = f"{FLEETPOLICIES.path()}?dryRun=All"
    assert plane.api.call("POST", path, document).status == 201
    grants[-1]["target"] = {}
    answer = plane.api.call("POST", path, document)
    assert answer.status == 422
    assert message(answer).endswith("unknown field: spec.namespaces[].target")


def reference(**more: str) -> dict[str, Any]:
    return spec(source={"secretRef": {"name": "mine"} | more})


@pytest.mark.parametrize(
    "body",
    [
        reference(),
        reference(namespace="default"),
        reference(cluster="hub"),
        reference(cluster="east", name="other", namespace="elsewhere"),
    ],
)
def test_lets_an_author_name_what_they_may_read(tenant: Api, body: dict[str, Any]) -> None:
    assert post(tenant, body).status == 201


@pytest.mark.parametrize(
    "body",
    [
        reference(name="other"),
        reference(namespace="kube-system"),
        reference(name="other", cluster="hub"),
        reference(name="other", cluster="west"),
    ],
)
def test_refuses_what_the_author_may_not_read(tenant: Api, body: dict[str, Any]) -> None:
    """A named cluster may be the hub itself: without the right to use it, the hub's rule counts."""
    answer = post(tenant, body)
    assert answer.status == 403
    assert "a FleetSecret reads what its author may read" in message(answer)


def test_the_administrator_may_name_anything(plane: ControlPlane) -> None:
    assert post(plane.api, reference(name="other", cluster="west")).status == 201


def test_whoever_may_not_read_may_not_redirect_either(plane: ControlPlane, tenant: Api) -> None:
    """Changing the placement of somebody's FleetSecret would bring the Secret to the reader."""
    document = made(FLEETSECRETS, "theirs", reference(name="other"))
    plane.api.must("POST", FLEETSECRETS.path(namespace="default"), document)
    place = FLEETSECRETS.path(namespace="default", name="theirs")
    change = {"spec": {"placement": {"clusters": {"names": ["west"]}}}}
    assert tenant.call("PATCH", place, change, content_type=MERGE).status == 403


def test_a_sync_needs_no_right_to_read(plane: ControlPlane, tenant: Api) -> None:
    document = made(FLEETSECRETS, "synced", reference(name="other"))
    plane.api.must("POST", FLEETSECRETS.path(namespace="default"), document)
    place = FLEETSECRETS.path(namespace="default", name="synced")
    change = {"metadata": {"annotations": {"keyfleet.io/sync-requested": "t1"}}}
    assert tenant.call("PATCH", place, change, content_type=MERGE).status == 200


def warnings(plane: ControlPlane, body: dict[str, Any]) -> str:
    parts = urlsplit(plane.url)
    context = client_context(plane.ca_pem)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=context)
    headers = {
        "Authorization": f"Bearer {plane.tokens['admin']}",
        "Content-Type": "application/json",
    }
    path = FLEETSECRETS.path(namespace="default")
    content = encode_json(made(FLEETSECRETS, "probe", body))
    try:
        connection.request("POST", f"{path}?dryRun=All", content, headers)
        response = connection.getresponse()
        assert response.status == 201
        return response.getheader("Warning") or ""
    finally:
        connection.close()


@pytest.mark.parametrize(
    "clusters", [{}, {"names": []}, {"selector": {}}, {"selector": {"matchLabels": {}}}]
)
def test_warns_of_a_placement_that_selects_nothing(
    plane: ControlPlane, clusters: dict[str, Any]
) -> None:
    found = warnings(plane, spec(placement={"clusters": clusters}))
    assert "selects nothing: nothing is delivered" in found


@pytest.mark.parametrize(
    "clusters",
    [
        {"names": ["east"]},
        {"selector": {"matchLabels": {"a": "b"}}},
        {"selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
    ],
)
def test_warns_of_nothing_else(plane: ControlPlane, clusters: dict[str, Any]) -> None:
    assert warnings(plane, spec(placement={"clusters": clusters})) == ""
