# SPDX-License-Identifier: Apache-2.0
"""Guarantee G12: taking Keyfleet out leaves every delivered Secret in place and working."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.harness import Objects, Program, Running, eventually, isolated

from keyfleet.localplane.fleet import LocalFleet

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fleetsecrets.keyfleet.io"
SYSTEM = "/api/v1/namespaces/keyfleet-system"
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/keyfleet-member"


@pytest.fixture(scope="module")
def own_fleet() -> Iterator[LocalFleet]:
    """A hub and a member that only these tests know: they take Keyfleet out."""
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
def own(own_fleet: LocalFleet, program: Program) -> Iterator[Objects]:
    """A namespace on a hub where Keyfleet is installed, and gone at the end."""
    name = f"e2e-{secrets.token_hex(4)}"
    for plane in own_fleet.planes.values():
        plane.create_namespace(name)
    assert program("install").code == 0
    yield Objects(own_fleet, name)
    program("uninstall", "--yes")
    _collect(own_fleet)
    for plane in own_fleet.planes.values():
        plane.finalize_namespace(name)


def _collect(fleet: LocalFleet) -> None:
    """Do what the namespace controller does, which these planes do not have."""
    for plane in fleet.planes.values():
        if plane.api.call("GET", SYSTEM).status == 200:
            plane.finalize_namespace("keyfleet-system")


@pytest.fixture
def serving(program: Program, own: Objects) -> Iterator[Running]:
    """A controller outside the cluster, which nobody stops; db is delivered to east and hub."""
    with program.running("run", "--listen", "127.0.0.1:0") as running:
        own.secret("hub", "src", {"password": "one"})
        own.declare("db", "src", "east", "hub")
        done = program("wait", f"{own.namespace}/db", "--timeout", "60s")
        assert done.code == 0, done.err + running.log.read_text()
        yield running


def test_every_delivered_secret_stays_while_a_controller_runs(
    program: Program, own: Objects, serving: Running
) -> None:
    hub = own.fleet.planes["hub"].api
    _own_by_keyfleet(own)
    done = program("uninstall", "--yes", "-o", "json")
    assert done.code == 0, done.err
    left = {one["cluster"]: one["targets"] for one in done.json()["left"]}
    assert left == {"east": 1, "hub": 1}
    assert done.json()["released"] == [{"namespace": own.namespace, "name": "db"}]
    assert hub.call("GET", CRD).status == 404
    assert serving.process.poll() is None
    assert [own.read(name, "db") for name in ("east", "hub")] == [{"password": "one"}] * 2
    metadata = hub.must("GET", f"{own.path('secrets')}/db")["metadata"]
    assert [owner["kind"] for owner in metadata["ownerReferences"]] == ["ConfigMap"]
    assert "verb=delete" not in serving.log.read_text()
    assert program("uninstall", "--yes").out.strip().endswith("not installed in this cluster")


def _own_by_keyfleet(own: Objects) -> None:
    """Give the hub's copy two owners, as a person or another tool might have."""
    hub = own.fleet.planes["hub"].api
    intent = hub.must("GET", f"{own.path('fleetsecrets')}/db")["metadata"]
    path = f"{own.path('secrets')}/db"
    secret = hub.must("GET", path)
    secret["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "0-0-0-0"},
        {
            "apiVersion": "keyfleet.io/v1alpha1",
            "kind": "FleetSecret",
            "name": "db",
            "uid": intent["uid"],
        },
    ]
    hub.must("PUT", path, secret)


def test_what_was_left_is_taken_up_after_a_new_installation(
    program: Program, own: Objects, serving: Running
) -> None:
    """The key went with the installation, so a person vouches for what it signed."""
    serving.stop()
    assert program("uninstall", "--yes").code == 0
    _collect(own.fleet)
    assert program("install").code == 0
    own.declare("db", "src", "east")
    with program.running("run", "--listen", "127.0.0.1:0"):
        secret = f"{own.namespace}/db"
        eventually(lambda: "OwnedUnverified" in program("status", secret, "-o", "wide").out)
        assert program("adopt", "--unverified", "--yes").code == 0
        assert program("wait", secret, "--timeout", "60s").code == 0
        own.secret("hub", "src", {"password": "two"})
        eventually(lambda: own.read("east", "db") == {"password": "two"})
    assert own.read("hub", "db") == {"password": "one"}


def test_with_its_key_kept_a_new_installation_knows_its_copies(
    program: Program, own: Objects, serving: Running
) -> None:
    serving.stop()
    assert program("uninstall", "--yes", "--keep-key").code == 0
    assert own.fleet.planes["hub"].api.call("GET", SYSTEM).status == 200
    assert program("install").code == 0
    own.declare("db", "src", "east", "hub")
    with program.running("run", "--listen", "127.0.0.1:0"):
        assert program("wait", f"{own.namespace}/db", "--timeout", "60s").code == 0
        assert own.read("east", "db") == {"password": "one"}


def test_nothing_changes_without_consent(program: Program, own: Objects) -> None:
    hub = own.fleet.planes["hub"].api
    refused = program("uninstall")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    shown = program("uninstall", "--dry-run", "-o", "json")
    assert {one["change"] for one in shown.json()["items"]} == {"delete"}
    assert hub.call("GET", CRD).status == 200


def test_what_others_put_into_keyfleets_namespace_stays(program: Program, own: Objects) -> None:
    hub = own.fleet.planes["hub"].api
    body = {"metadata": {"name": "theirs"}, "data": {"a": "b"}}
    hub.must("POST", f"{SYSTEM}/configmaps", body)
    done = program("uninstall", "--yes", "-o", "json")
    assert (done.code, done.json()["kept"]) == (0, ["ConfigMap/theirs"])
    assert hub.must("GET", SYSTEM)["status"]["phase"] == "Active"
    assert hub.call("GET", f"{SYSTEM}/secrets/keyfleet-fingerprint").status == 404
    hub.must("DELETE", f"{SYSTEM}/configmaps/theirs")


def test_a_members_login_goes_alone(program: Program, own: Objects) -> None:
    east = own.fleet.planes["east"].api
    own.secret("east", "theirs", {"password": "one"})
    assert program("install", "--member", "--context", "east").code == 0
    assert east.call("GET", ROLE).status == 200
    assert program("uninstall", "--member", "--yes", "--context", "east").code == 0
    assert east.call("GET", ROLE).status == 404
    assert own.fleet.planes["hub"].api.call("GET", CRD).status == 200
    assert own.read("east", "theirs") == {"password": "one"}
