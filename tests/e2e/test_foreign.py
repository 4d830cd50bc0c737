# SPDX-License-Identifier: Apache-2.0
"""Other tools' manifests in a member: served by the controller, shown by the commands."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus

import pytest
from tests.cluster.engine.eso import KINDS
from tests.cluster.engine.eso import crd as crd_of
from tests.e2e.harness import Objects, Program, Running, eventually

from keyfleet.kube.resources import CRDS, EXTERNALSECRETS, SECRETSTORES, Resource
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.testing.canary import CANARY_PREFIX


@pytest.fixture
def served(fleet: LocalFleet, controller: Running) -> Iterator[LocalFleet]:
    """A hub and a member east where Keyfleet installed External Secrets' kinds."""
    assert controller.process.poll() is None
    planes = [fleet.planes[name] for name in ("hub", "east")]
    for plane in planes:
        for kind in KINDS:
            plane.api.must("POST", CRDS.path(), crd_of(kind))
            eventually(partial(is_served, plane, kind))
    yield fleet
    for plane in planes:
        for kind in KINDS:
            plane.api.must("DELETE", CRDS.path(name=kind.label))
    for plane in planes:
        for kind in KINDS:
            eventually(partial(is_gone, plane, CRDS.path(name=kind.label)))


def is_served(plane: ControlPlane, kind: Resource) -> bool:
    return plane.api.call("GET", kind.path()).status == HTTPStatus.OK


def is_gone(plane: ControlPlane, path: str) -> bool:
    return plane.api.call("GET", path).status == HTTPStatus.NOT_FOUND


def write(objects: Objects, cluster: str, kind: Resource, name: str, spec: object) -> None:
    metadata = {"name": name, "namespace": objects.namespace}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    path = kind.path(namespace=objects.namespace)
    objects.fleet.planes[cluster].api.must("POST", path, body)


@pytest.fixture
def db(served: LocalFleet, objects: Objects) -> str:
    """An ExternalSecret of east that was delivered there; its name."""
    assert served is objects.fleet
    data = [{"key": "remote", "value": f"{CANARY_PREFIX}one"}]
    write(objects, "east", SECRETSTORES, "store", {"provider": {"fake": {"data": data}}})
    spec = {
        "secretStoreRef": {"name": "store", "kind": "SecretStore"},
        "target": {"name": "made"},
        "data": [{"secretKey": "password", "remoteRef": {"key": "remote"}}],
    }
    write(objects, "east", EXTERNALSECRETS, "db", spec)
    eventually(lambda: objects.read("east", "made") == {"password": "one"})
    return f"{objects.namespace}/db"


def test_status_lists_a_manifest_with_its_cluster(
    keyfleet: Program, objects: Objects, db: str
) -> None:
    eventually(lambda: keyfleet("status", db, "--check").code == 0)
    (item,) = keyfleet("status", "-n", objects.namespace, "-o", "json").json()["items"]
    assert (item["kind"], item["name"], item["cluster"]) == ("ExternalSecret", "db", "east")
    assert [(one["name"], one["state"]) for one in item["clusters"]] == [("east", "InSync")]
    assert f"{db} in east" in keyfleet("status", db).out
    elsewhere = keyfleet("status", "-n", objects.namespace, "-c", "west", "-o", "json")
    assert elsewhere.json()["items"] == []


def test_why_finds_the_manifest_by_its_own_name_and_by_its_targets(
    keyfleet: Program, objects: Objects, db: str
) -> None:
    for name in (db, f"{objects.namespace}/made"):
        answer = keyfleet("why", name, "-c", "east", "-o", "json")
        assert answer.code == 0, answer.err
        (found,) = answer.json()["clusters"]
        assert (found["name"], found["exists"]) == ("made", True)
        (candidate,) = found["candidates"]
        assert candidate["intent"]["kind"] == "ExternalSecret"
        assert candidate["wants"] is True
        assert "store" in candidate["source"]
    (west,) = keyfleet("why", db, "-c", "west", "-o", "json").json()["clusters"]
    assert west["candidates"] == []


def test_wait_and_sync_find_the_manifest_in_its_cluster(
    keyfleet: Program, objects: Objects, db: str
) -> None:
    assert keyfleet("wait", db, "-c", "east", "--timeout", "60s").code == 0
    objects.delete("east", "made")
    found = keyfleet("sync", db, "-c", "east", "-o", "json")
    assert found.code == 0
    (item,) = found.json()["items"]
    assert (item["cluster"], item["ready"]) == ("east", "True")
    eventually(lambda: objects.read("east", "made") == {"password": "one"})
    assert keyfleet("sync", db, "-c", "west").code == 2
    path = EXTERNALSECRETS.path(namespace=objects.namespace, name="db")
    objects.fleet.planes["east"].api.must("DELETE", path)
    eventually(lambda: objects.read("east", "made") is None)
    assert keyfleet("status", db).code == 2
