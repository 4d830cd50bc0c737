# SPDX-License-Identifier: Apache-2.0
"""The API server in memory answers as a real one, as far as Keyfleet relies on it."""

import base64
import secrets
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from tests.contract.servers import Document, MemoryServer, Server, essence, secret

from keyfleet.kube.requests import JSON_PATCH, MERGE_PATCH, PARTIAL, PARTIAL_LIST
from keyfleet.manifests import crds

pytestmark = pytest.mark.timeout(60, func_only=True)

NAMESPACES = "/api/v1/namespaces"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/keyfleet.io/v1alpha1"
PAUSE = Event()


@pytest.fixture
def namespace(server: Server) -> Iterator[str]:
    """A namespace of this test alone."""
    name = f"test-{secrets.token_hex(4)}"
    assert server.ask("POST", NAMESPACES, {"metadata": {"name": name}}).status == 201
    yield name
    if server.ask("GET", f"{NAMESPACES}/{name}").status == 200:
        server.end_namespace(name)


@pytest.fixture
def secrets_at(namespace: str) -> str:
    """The path of the namespace's Secrets."""
    return f"{NAMESPACES}/{namespace}/secrets"


def refusal(server: Server, method: str, path: str, body: Any = None, **how: str) -> Any:
    """Return the essence of a Status that must come."""
    said = server.ask(method, path, body, **how)
    assert said.status == said.document.get("code"), said.status
    return essence(said.document)


def status_of(
    code: int, reason: str, *causes: tuple[str, str], kind: str = "secrets", **details: Any
) -> Document:
    about = {"kind": kind, **details} if details else {}
    return {
        "kind": "Status",
        "code": code,
        "reason": reason,
        "details": about,
        "causes": list(causes),
    }


def put(server: Server, path: str, **fields: Any) -> Document:
    said = server.ask("POST", path, secret(**fields))
    assert said.status == 201, said.body
    return said.document


# Objects.


def test_a_new_secret_gets_uid_version_time_and_type(server: Server, secrets_at: str) -> None:
    made = put(server, secrets_at)
    assert server.ask("GET", f"{secrets_at}/db").document == made
    assert made["type"] == "Opaque"
    assert {"uid", "resourceVersion", "creationTimestamp", "namespace"} <= set(made["metadata"])


def test_string_data_is_stored_as_data(server: Server, secrets_at: str) -> None:
    made = put(server, secrets_at, stringData={"b": "2"})
    assert made["data"] == {"a": "MQ==", "b": "Mg=="}
    assert "stringData" not in made


def test_absent_taken_and_unserved_are_told_apart(server: Server, secrets_at: str) -> None:
    assert refusal(server, "GET", f"{secrets_at}/db") == status_of(404, "NotFound", name="db")
    put(server, secrets_at)
    taken = refusal(server, "POST", secrets_at, secret())
    assert taken == status_of(409, "AlreadyExists", name="db")
    nothing = server.ask("GET", "/apis/absent.io/v1/things")
    assert (nothing.status, nothing.body) == (404, b"404 page not found\n")


def test_an_absent_namespace_is_named(server: Server) -> None:
    found = refusal(server, "POST", f"{NAMESPACES}/absent/secrets", secret())
    assert found == status_of(404, "NotFound", name="absent", kind="namespaces")


def test_a_terminating_namespace_takes_nothing_new(
    server: Server, namespace: str, secrets_at: str
) -> None:
    put(server, secrets_at)
    ending = server.ask("DELETE", f"{NAMESPACES}/{namespace}").document
    assert ending["status"]["phase"] == "Terminating"
    found = refusal(server, "POST", secrets_at, secret("new"))
    cause = ("NamespaceTerminating", "metadata.namespace")
    assert found == status_of(403, "Forbidden", cause, name="new")
    patch = [{"op": "add", "path": "/data", "value": {"a": "Mg=="}}]
    changed = server.ask("PATCH", f"{secrets_at}/db", patch, content=JSON_PATCH)
    assert changed.status == 200


def test_a_finished_namespace_takes_its_objects_along(
    server: Server, namespace: str, secrets_at: str
) -> None:
    put(server, secrets_at)
    server.end_namespace(namespace)
    assert server.ask("GET", f"{NAMESPACES}/{namespace}").status == 404
    assert server.ask("GET", f"{secrets_at}/db").status == 404


def test_a_namespace_carries_its_name_as_a_label(server: Server, namespace: str) -> None:
    found = server.ask("GET", f"{NAMESPACES}/{namespace}").document
    assert found["metadata"]["labels"] == {"kubernetes.io/metadata.name": namespace}
    assert found["spec"] == {"finalizers": ["kubernetes"]}


# The rules of Secrets.


def test_a_secret_beyond_1_mib_is_too_long(server: Server, secrets_at: str) -> None:
    value = base64.b64encode(b"x" * (1024 * 1024 + 1)).decode()
    found = refusal(server, "POST", secrets_at, secret(data={"a": value}))
    cause = ("FieldValueTooLong", "data")
    assert found == status_of(422, "Invalid", cause, name="db", kind="Secret")


def test_a_type_is_fixed_and_an_immutable_secret_keeps_its_data(
    server: Server, secrets_at: str
) -> None:
    put(server, secrets_at, immutable=True)
    path = f"{secrets_at}/db"
    typed = [{"op": "add", "path": "/type", "value": "example.com/x"}]
    cause = ("FieldValueInvalid", "type")
    found = refusal(server, "PATCH", path, typed, content=JSON_PATCH)
    assert found == status_of(422, "Invalid", cause, name="db", kind="Secret")
    data = [{"op": "add", "path": "/data", "value": {"a": "Mg=="}}]
    cause = ("FieldValueForbidden", "data")
    found = refusal(server, "PATCH", path, data, content=JSON_PATCH)
    assert found == status_of(422, "Invalid", cause, name="db", kind="Secret")
    labels = {"metadata": {"labels": {"x": "y"}}}
    assert server.ask("PATCH", path, labels, content=MERGE_PATCH).status == 200


def test_a_tls_secret_needs_its_keys(server: Server, secrets_at: str) -> None:
    found = refusal(server, "POST", secrets_at, secret(type="kubernetes.io/tls"))
    causes = [("FieldValueRequired", f"data[tls.{part}]") for part in ("crt", "key")]
    assert found == status_of(422, "Invalid", *causes, name="db", kind="Secret")


def test_data_must_be_base64(server: Server, secrets_at: str) -> None:
    found = refusal(server, "POST", secrets_at, secret(data={"a": "!"}))
    assert found == status_of(400, "BadRequest")


# Changes and preconditions.


def test_a_json_patch_of_a_stale_version_is_a_conflict(server: Server, secrets_at: str) -> None:
    path = f"{secrets_at}/db"
    first = put(server, secrets_at)["metadata"]["resourceVersion"]
    server.ask("PATCH", path, {"data": {"b": "Mg=="}}, content=MERGE_PATCH)
    stale = [{"op": "replace", "path": "/metadata/resourceVersion", "value": first}]
    found = refusal(server, "PATCH", path, stale, content=JSON_PATCH)
    assert found == status_of(409, "Conflict", name="db")
    now = server.ask("GET", path).document["metadata"]["resourceVersion"]
    operations = [
        {"op": "add", "path": "/data", "value": {"c": "Mw=="}},
        {"op": "add", "path": "/metadata/labels", "value": {}},
        {"op": "add", "path": "/metadata/labels/example.com~1a", "value": "b"},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": now},
    ]
    changed = server.ask("PATCH", path, operations, content=JSON_PATCH).document
    assert changed["data"] == {"c": "Mw=="}
    assert changed["metadata"]["labels"] == {"example.com/a": "b"}
    assert int(changed["metadata"]["resourceVersion"]) > int(now)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/metadata/labels/absent"},
        {"op": "test", "path": "/type", "value": "other"},
        {"op": "add", "path": "/metadata/labels/a", "value": "b"},
    ],
)
def test_a_patch_that_does_not_fit_is_invalid(
    server: Server, secrets_at: str, operation: Document
) -> None:
    put(server, secrets_at)
    found = refusal(server, "PATCH", f"{secrets_at}/db", [operation], content=JSON_PATCH)
    assert found == status_of(422, "Invalid")


def test_replacing_what_is_absent_adds_it(server: Server, secrets_at: str) -> None:
    put(server, secrets_at)
    operations = [{"op": "replace", "path": "/immutable", "value": True}]
    said = server.ask("PATCH", f"{secrets_at}/db", operations, content=JSON_PATCH)
    assert said.document["immutable"] is True


def test_a_write_that_changes_nothing_makes_no_version(server: Server, secrets_at: str) -> None:
    before = put(server, secrets_at)
    same = {"data": {"a": "MQ=="}}
    after = server.ask("PATCH", f"{secrets_at}/db", same, content=MERGE_PATCH).document
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_a_put_replaces_and_may_name_a_version(server: Server, secrets_at: str) -> None:
    path = f"{secrets_at}/db"
    made = put(server, secrets_at, metadata={"labels": {"x": "y"}})
    replaced = server.ask("PUT", path, secret(data={"b": "Mg=="})).document
    assert (replaced["data"], replaced["metadata"].get("labels")) == ({"b": "Mg=="}, None)
    assert replaced["metadata"]["uid"] == made["metadata"]["uid"]
    assert refusal(server, "PUT", path, made) == status_of(409, "Conflict", name="db")
    absent = refusal(server, "PUT", f"{secrets_at}/none", secret("none"))
    assert absent == status_of(404, "NotFound", name="none")


def test_a_lease_is_never_replaced_without_a_version(server: Server, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "x"},
        "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15},
    }
    made = server.ask("POST", path, lease).document
    found = refusal(server, "PUT", f"{path}/x", lease)
    cause = ("FieldValueInvalid", "metadata.resourceVersion")
    about = {"name": "x", "group": "coordination.k8s.io"}
    assert found == status_of(422, "Invalid", cause, kind="leases", **about)
    made["spec"]["holderIdentity"] = "b"
    assert server.ask("PUT", f"{path}/x", made).status == 200
    about_lease = status_of(409, "Conflict", kind="leases", **about)
    assert refusal(server, "PUT", f"{path}/x", made) == about_lease


def test_a_merge_patch_removes_by_null(server: Server, secrets_at: str) -> None:
    put(server, secrets_at, metadata={"annotations": {"a": "b", "c": "d"}})
    patch = {"metadata": {"annotations": {"a": None}}, "data": {"b": "Mg=="}}
    found = server.ask("PATCH", f"{secrets_at}/db", patch, content=MERGE_PATCH).document
    assert found["metadata"]["annotations"] == {"c": "d"}
    assert found["data"] == {"a": "MQ==", "b": "Mg=="}


def test_a_deletion_may_name_uid_and_version(server: Server, secrets_at: str) -> None:
    path = f"{secrets_at}/db"
    made = put(server, secrets_at)["metadata"]
    for field in ("uid", "resourceVersion"):
        options = {"preconditions": {field: "1"}}
        found = refusal(server, "DELETE", path, options)
        assert found == status_of(409, "Conflict", name="db", kind="Secret")
    options = {"preconditions": {"uid": made["uid"]}}
    said = server.ask("DELETE", path, options).document
    assert (said["kind"], said["status"]) == ("Status", "Success")
    assert refusal(server, "DELETE", path) == status_of(404, "NotFound", name="db")


def test_a_finalizer_holds_an_object_until_it_is_taken_off(server: Server, secrets_at: str) -> None:
    path = f"{secrets_at}/db"
    put(server, secrets_at, metadata={"finalizers": ["example.com/hold"]})
    ending = server.ask("DELETE", path).document
    assert "deletionTimestamp" in ending["metadata"]
    assert server.ask("GET", path).document["metadata"] == ending["metadata"]
    free = [{"op": "remove", "path": "/metadata/finalizers"}]
    assert server.ask("PATCH", path, free, content=JSON_PATCH).status == 200
    assert server.ask("GET", path).status == 404


# Custom resources.


@pytest.fixture
def fleetsecrets(server: Server, namespace: str) -> Iterator[str]:
    """The path of FleetSecrets, which are served."""
    crd = next(one for one in crds() if one["spec"]["names"]["plural"] == "fleetsecrets")
    name = crd["metadata"]["name"]
    assert server.ask("POST", CRDS, crd).status == 201
    path = f"{WIDGETS}/namespaces/{namespace}/fleetsecrets"
    until(server, path, 200)
    yield path
    server.ask("DELETE", f"{CRDS}/{name}")
    until(server, f"{CRDS}/{name}", 404)
    until(server, path, 404)


def until(server: Server, path: str, status: int) -> None:
    """Ask until this is answered: a real server takes a moment to serve a kind, or no more."""
    while server.ask("GET", path).status != status:  # the test's time limit ends it
        PAUSE.wait(0.02)


def manifest(**spec: Any) -> Document:
    return {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetSecret",
        "metadata": {"name": "db"},
        "spec": {
            "source": {"secretRef": {"name": "src"}},
            "placement": {"clusters": {"names": ["east"]}},
            **spec,
        },
    }


def test_spec_and_status_are_written_apart(server: Server, fleetsecrets: str) -> None:
    path = f"{fleetsecrets}/db"
    made = server.ask("POST", fleetsecrets, {**manifest(), "status": {"revision": 3}}).document
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    patch = {"status": {"revision": 4}, "spec": {"paused": True}}
    said = server.ask("PATCH", f"{path}/status", patch, content=MERGE_PATCH).document
    assert said["status"] == {"revision": 4}
    assert said["metadata"]["generation"] == 1
    assert "paused" not in said["spec"]
    edited = server.ask("PATCH", path, patch | {"status": {"revision": 9}}, content=MERGE_PATCH)
    assert edited.document["metadata"]["generation"] == 2
    assert edited.document["status"] == {"revision": 4}
    labelled = {"metadata": {"labels": {"a": "b"}}}
    found = server.ask("PATCH", path, labelled, content=MERGE_PATCH).document
    assert found["metadata"]["generation"] == 2


def test_a_custom_object_is_never_replaced_without_a_version(
    server: Server, fleetsecrets: str
) -> None:
    server.ask("POST", fleetsecrets, manifest())
    found = refusal(server, "PUT", f"{fleetsecrets}/db", manifest(paused=True))
    cause = ("FieldValueInvalid", "metadata.resourceVersion")
    about = {"name": "db", "group": "keyfleet.io", "kind": "fleetsecrets"}
    assert found == status_of(422, "Invalid", cause, **about)


def test_what_a_crd_serves_is_discovered(server: Server, fleetsecrets: str) -> None:
    del fleetsecrets
    until(server, WIDGETS, 200)
    found = server.ask("GET", WIDGETS).document
    assert found["kind"] == "APIResourceList"
    assert "fleetsecrets" in [one["name"] for one in found["resources"]]
    names = [one["name"] for one in server.ask("GET", "/api/v1").document["resources"]]
    assert {"secrets", "namespaces", "configmaps"} <= set(names)


def test_a_crd_takes_its_objects_along(server: Server, fleetsecrets: str) -> None:
    server.ask("POST", fleetsecrets, manifest())
    crd = f"{CRDS}/fleetsecrets.keyfleet.io"
    server.ask("DELETE", crd)
    until(server, crd, 404)
    until(server, fleetsecrets, 404)
    body = next(one for one in crds() if one["spec"]["names"]["plural"] == "fleetsecrets")
    server.ask("POST", CRDS, body)
    until(server, fleetsecrets, 200)
    assert server.ask("GET", fleetsecrets).document["items"] == []


# Lists.


def names(said: Document) -> list[str]:
    return [item["metadata"]["name"] for item in said["items"]]


def test_a_list_is_sorted_paged_and_consistent(server: Server, secrets_at: str) -> None:
    for name in ("c", "a", "e", "b", "d"):
        put(server, secrets_at, metadata={"name": name})
    first = server.ask("GET", f"{secrets_at}?limit=2").document
    assert names(first) == ["a", "b"]
    server.ask("DELETE", f"{secrets_at}/d")
    token = first["metadata"]["continue"]
    second = server.ask("GET", f"{secrets_at}?limit=2&continue={token}").document
    assert names(second) == ["c", "d"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    token = second["metadata"]["continue"]
    last = server.ask("GET", f"{secrets_at}?limit=2&continue={token}").document
    assert names(last) == ["e"]
    assert "continue" not in last["metadata"]
    assert names(server.ask("GET", secrets_at).document) == ["a", "b", "c", "e"]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        ("labelSelector=team%3Dpay", ["a"]),
        ("labelSelector=team%21%3Dpay", ["b", "c"]),
        ("labelSelector=team", ["a", "b"]),
        ("labelSelector=%21team", ["c"]),
        ("labelSelector=team+in+%28pay%2Cops%29%2Ctier", ["b"]),
        ("fieldSelector=metadata.name%3Db", ["b"]),
        ("fieldSelector=type%3Dexample.com%2Fx", ["c"]),
    ],
)
def test_a_list_is_selected(
    server: Server, secrets_at: str, selection: str, found: list[str]
) -> None:
    put(server, secrets_at, metadata={"name": "a", "labels": {"team": "pay"}})
    put(server, secrets_at, metadata={"name": "b", "labels": {"team": "ops", "tier": "1"}})
    put(server, secrets_at, metadata={"name": "c"}, type="example.com/x")
    assert names(server.ask("GET", f"{secrets_at}?{selection}").document) == found


def test_a_selector_that_is_none_is_a_bad_request(server: Server, secrets_at: str) -> None:
    for selection in ("labelSelector=%21%21", "fieldSelector=data.x%3D1"):
        found = refusal(server, "GET", f"{secrets_at}?{selection}")
        assert found == status_of(400, "BadRequest")


def test_metadata_alone_is_shown_without_values(server: Server, secrets_at: str) -> None:
    made = put(server, secrets_at)
    one = server.ask("GET", f"{secrets_at}/db", accept=PARTIAL).document
    assert (one["kind"], one["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert one["metadata"] == made["metadata"]
    assert set(one) == {"kind", "apiVersion", "metadata"}
    many = server.ask("GET", secrets_at, accept=PARTIAL_LIST).document
    assert many["kind"] == "PartialObjectMetadataList"
    assert [set(item) for item in many["items"]] == [{"kind", "apiVersion", "metadata"}]
    written = server.ask(
        "PATCH", f"{secrets_at}/db", {"data": {"b": "Mg=="}}, content=MERGE_PATCH, accept=PARTIAL
    ).document
    assert written["kind"] == "PartialObjectMetadata"


# Watches.


def heard(events: list[Document]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def test_a_watch_gives_what_came_after_a_version_in_order(server: Server, secrets_at: str) -> None:
    begin = server.ask("GET", secrets_at).document["metadata"]["resourceVersion"]
    put(server, secrets_at, metadata={"name": "a"})
    put(server, secrets_at, metadata={"name": "b"})
    server.ask("PATCH", f"{secrets_at}/a", {"data": {"b": "Mg=="}}, content=MERGE_PATCH)
    server.ask("DELETE", f"{secrets_at}/a")
    events = server.watch(f"{secrets_at}?watch=true&resourceVersion={begin}", 4)
    assert heard(events) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "a")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))
    assert events[3]["object"]["data"] == {"a": "MQ==", "b": "Mg=="}


def test_what_enters_and_leaves_a_selection_is_added_and_deleted(
    server: Server, secrets_at: str
) -> None:
    put(server, secrets_at, metadata={"name": "a"})
    begin = server.ask("GET", secrets_at).document["metadata"]["resourceVersion"]
    for value in ("pay", "ops"):
        label = {"metadata": {"labels": {"team": value}}}
        server.ask("PATCH", f"{secrets_at}/a", label, content=MERGE_PATCH)
    path = f"{secrets_at}?watch=true&labelSelector=team%3Dpay&resourceVersion={begin}"
    events = server.watch(path, 2, accept=PARTIAL)
    assert heard(events) == [("ADDED", "a"), ("DELETED", "a")]
    assert {event["object"]["kind"] for event in events} == {"PartialObjectMetadata"}
    # What is shown last is how it was while it was selected, under the newer version.
    assert events[1]["object"]["metadata"]["labels"] == {"team": "pay"}
    first, last = (int(event["object"]["metadata"]["resourceVersion"]) for event in events)
    assert last > first


def test_a_watch_may_begin_with_everything_there_is(server: Server, secrets_at: str) -> None:
    put(server, secrets_at, metadata={"name": "b"})
    put(server, secrets_at, metadata={"name": "a"})
    options = "allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    events = server.watch(f"{secrets_at}?watch=true&{options}", 3, accept=PARTIAL)
    assert sorted(heard(events)[:2]) == [("ADDED", "a"), ("ADDED", "b")]
    assert heard(events)[2] == ("BOOKMARK", "")
    mark = events[2]["object"]
    assert mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert mark["kind"] == "PartialObjectMetadata"
    assert int(mark["metadata"]["resourceVersion"]) > 1


def test_a_compacted_past_is_gone() -> None:
    """In memory only: a real server forgets after minutes."""
    server = MemoryServer()
    path = f"{NAMESPACES}/default/secrets"
    for name in ("a", "b"):
        put(server, path, metadata={"name": name})
    page = server.ask("GET", f"{path}?limit=1").document["metadata"]
    put(server, path, metadata={"name": "c"})
    server.plane.store.compact()
    later = server.ask("GET", f"{path}?limit=1&continue={page['continue']}")
    assert essence(later.document) == status_of(410, "Expired")
    event = server.watch(f"{path}?watch=true&resourceVersion={page['resourceVersion']}", 1)[0]
    assert event["type"] == "ERROR"
    assert essence(event["object"]) == status_of(410, "Expired")


# The rest.


def test_the_version_and_rights_are_told(server: Server, namespace: str) -> None:
    assert server.ask("GET", "/version").document["gitVersion"].startswith("v1.")
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {
            "resourceAttributes": {"verb": "get", "resource": "secrets", "namespace": namespace}
        },
    }
    said = server.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    assert said.status == 201
    assert said.document["status"]["allowed"] is True


def test_an_unknown_patch_is_unsupported(server: Server, secrets_at: str) -> None:
    put(server, secrets_at)
    said = server.ask("PATCH", f"{secrets_at}/db", {}, content="application/x-patch")
    assert said.status == 415
