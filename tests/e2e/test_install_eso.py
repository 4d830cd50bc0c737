# SPDX-License-Identifier: Apache-2.0
"""`install --dialect eso`: unmodified manifests are taken, and others' CRDs are left alone."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.harness import Program, isolated

from keyfleet.localplane import ControlPlane
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.manifests.eso import FOREIGN_KINDS, eso_crds

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SYSTEM = "/api/v1/namespaces/keyfleet-system"
OLD = "/apis/external-secrets.io/v1beta1"


@pytest.fixture(scope="module")
def own_fleet() -> Iterator[LocalFleet]:
    """A hub and a member that only these tests know."""
    found = LocalFleet(("hub", "east"))
    try:
        yield found.open()
    finally:
        found.close()


@pytest.fixture
def program(own_fleet: LocalFleet, tmp_path: Path) -> Program:
    path = own_fleet.write_kubeconfig(tmp_path / "kubeconfig")
    return Program(isolated(tmp_path, KUBECONFIG=str(path)), tmp_path)


@pytest.fixture
def namespace(own_fleet: LocalFleet, program: Program) -> Iterator[str]:
    name = f"e2e-{secrets.token_hex(4)}"
    for plane in own_fleet.planes.values():
        plane.create_namespace(name)
    yield name
    for context, plane in own_fleet.planes.items():
        program("uninstall", "--yes", "--context", context)
        program("uninstall", "--yes", "--member", "--context", context)
        if plane.api.call("GET", SYSTEM).status == 200:
            plane.finalize_namespace("keyfleet-system")
        plane.finalize_namespace(name)


def changes(done: Any) -> dict[str, str]:
    return {
        one["name"]: one["change"]
        for one in done.json()["items"]
        if one["kind"] == "CustomResourceDefinition" and "external-secrets" in one["name"]
    }


def secret_of(plane: ControlPlane, namespace: str, kind: str) -> str:
    """Make a Secret that a manifest owns; return its path."""
    owner = {
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "name": "db",
        "uid": "11111111-1111-4111-8111-111111111111",
        "controller": True,
    }
    path = f"/api/v1/namespaces/{namespace}/secrets"
    name = kind.lower()
    plane.api.must("POST", path, {"metadata": {"name": name, "ownerReferences": [owner]}})
    return f"{path}/{name}"


def test_the_hub_takes_unmodified_manifests_and_gives_back_what_is_owned(
    program: Program, own_fleet: LocalFleet, namespace: str
) -> None:
    hub = own_fleet.planes["hub"]
    first = program("install", "--dialect", "eso", "-o", "json")
    assert first.code == 0, first.err
    assert changes(first) == dict.fromkeys((kind.label for kind in FOREIGN_KINDS), "created")
    again = program("install", "--dialect", "eso", "-o", "json")
    assert set(changes(again).values()) == {"unchanged"}
    entry = {"secretKey": "username", "remoteRef": {"key": "db", "property": "username"}}
    manifest = {
        "apiVersion": "external-secrets.io/v1beta1",
        "kind": "ExternalSecret",
        "metadata": {"name": "db"},
        "spec": {"secretStoreRef": {"name": "aws"}, "data": [entry]},
    }
    made = hub.api.must("POST", f"{OLD}/namespaces/{namespace}/externalsecrets", manifest)
    assert made["spec"]["data"][0]["remoteRef"]["conversionStrategy"] == "Default"
    owned = secret_of(hub, namespace, "ExternalSecret")
    done = program("uninstall", "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert "1 objects of kind ExternalSecret are deleted with their CRD" in done.err
    assert "ownerReferences" not in hub.api.must("GET", owned)["metadata"]
    assert hub.api.call("GET", f"{CRDS}/{FOREIGN_KINDS[0].label}").status == 404


def test_a_member_keeps_what_another_installed(
    program: Program, own_fleet: LocalFleet, namespace: str
) -> None:
    east = own_fleet.planes["east"]
    theirs = next(crd for crd in eso_crds() if crd["spec"]["names"]["kind"] == "ExternalSecret")
    theirs["metadata"].pop("labels")
    before = east.api.must("POST", CRDS, theirs)
    east_of = ("--context", "east")
    done = program("install", "--member", "--dialect", "eso", *east_of, "-o", "json")
    assert done.code == 0, done.err
    found = changes(done)
    assert found.pop("externalsecrets.external-secrets.io") == "kept"
    assert set(found.values()) == {"created"}
    assert "left as they are: externalsecrets.external-secrets.io" in done.err
    place = f"{CRDS}/externalsecrets.external-secrets.io"
    kept = secret_of(east, namespace, "ExternalSecret")
    gone = program("uninstall", "--member", "--yes", *east_of)
    assert gone.code == 0, gone.err
    after = east.api.must("GET", place)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert "ownerReferences" in east.api.must("GET", kept)["metadata"]
    assert east.api.call("GET", f"{CRDS}/secretstores.external-secrets.io").status == 404
    east.api.must("DELETE", place)
