# SPDX-License-Identifier: Apache-2.0
"""Another cluster answers under a known name: nothing is sent until a person accepts it."""

import base64
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.e2e.harness import Objects, Program, Running, eventually

from keyfleet.base.codec import encode_json
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.fleet import LocalFleet

PATH = "/apis/keyfleet.io/v1alpha1/fleetclusters"


@pytest.fixture
def moving(keyfleet: Program, fleet: LocalFleet, write_kubeconfig: Callable[..., Path]) -> Program:
    """A laptop whose context `moving` was west once, and is hub now; the source is in east."""
    planes = fleet.planes
    path = write_kubeconfig("config", east=planes["east"], moving=planes["west"])
    keyfleet.environ["KUBECONFIG"] = str(path)
    assert keyfleet("clusters").code == 0
    write_kubeconfig("config", east=planes["east"], moving=planes["hub"])
    return keyfleet


def test_a_laptop_sends_nothing_to_another_cluster(moving: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    file = moving.folder / "db.json"
    file.write_bytes(msgspec.json.encode(objects.manifest("db", "src", "moving")))
    held = moving("apply", "-f", str(file))
    assert held.code == 6
    assert "clusters trust moving" in held.err
    assert objects.read("hub", "db") is None
    (entry,) = moving("clusters", "-c", "moving", "-o", "json").json()["items"]
    assert (entry["ready"], entry["reason"]) == ("False", "IdentityChanged")

    refused = moving("clusters", "trust", "moving")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert moving("apply", "-f", str(file)).code == 6

    accepted = moving("clusters", "trust", "moving", "--yes", "-o", "json")
    assert accepted.code == 0
    assert accepted.json()["result"] == "trusted"
    assert moving("apply", "-f", str(file)).code == 0
    assert objects.read("hub", "db") == {"password": "one"}
    assert moving("clusters", "trust", "moving").out.count("unchanged") == 1


def test_a_damaged_record_is_not_taken_for_an_empty_one(moving: Program) -> None:
    record = moving.folder / "state" / "keyfleet" / "trust.json"
    record.write_text("{")
    found = moving("clusters")
    assert found.code == 2
    assert str(record) in found.err


def test_the_controller_waits_for_trust(
    controller: Running,
    keyfleet: Program,
    objects: Objects,
    extra_planes: Callable[..., dict[str, ControlPlane]],
) -> None:
    assert controller.process.poll() is None
    planes = extra_planes("first", "second")
    for plane in planes.values():
        plane.create_namespace(objects.namespace)
    hub = objects.fleet.planes["hub"].api
    name = f"moved-{objects.namespace}"
    _login(objects, planes["first"])
    reference = {"namespace": objects.namespace, "name": "login", "key": "value"}
    document = {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetCluster",
        "metadata": {"name": name},
        "spec": {"kubeconfigRef": reference},
    }
    hub.must("POST", PATH, document)
    objects.secret("hub", "src", {"password": "one"})
    objects.declare("db", "src", name)
    secret = f"{objects.namespace}/db"
    try:
        assert keyfleet("wait", secret, "--timeout", "60s").code == 0
        _login(objects, planes["second"])
        eventually(lambda: keyfleet("sync", secret).code == 6)
        assert "IdentityChanged" in keyfleet("status", secret, "-o", "wide").out
        assert planes["second"].api.call("GET", f"{objects.path('secrets')}/db").status == 404
        accepted = keyfleet("clusters", "trust", name, "-y")
        assert accepted.code == 0
        assert "is now" in accepted.err
        assert keyfleet("wait", secret, "--timeout", "60s").code == 0
        assert planes["second"].api.call("GET", f"{objects.path('secrets')}/db").status == 200
    finally:
        hub.must("DELETE", f"{PATH}/{name}")


def _login(objects: Objects, plane: ControlPlane) -> None:
    """Write the kubeconfig Secret of the FleetCluster."""
    api, path = objects.fleet.planes["hub"].api, objects.path("secrets")
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": objects.namespace},
        "data": {"value": base64.b64encode(encode_json(plane.kubeconfig())).decode()},
    }
    is_there = api.call("GET", f"{path}/login").status == 200
    api.must("PUT" if is_there else "POST", f"{path}/login" if is_there else path, body)
