# SPDX-License-Identifier: Apache-2.0
"""`install` and `run`: from a bare cluster to a controller, and in order back."""

import re
import signal
import subprocess
from urllib.request import urlopen

from tests.e2e.harness import PATIENCE_S, Objects, Program, Result, Running

from keyfleet.localplane.fleet import LocalFleet


def test_install_returns_when_the_hub_is_ready(installed: Result, fleet: LocalFleet) -> None:
    """The kinds are served and unknown fields are refused, from the first moment on."""
    changes = {item["change"] for item in installed.json()["items"]}
    assert changes == {"created"}
    api = fleet.planes["hub"].api
    body = {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetCluster",
        "metadata": {"name": "typo"},
        "spec": {"context": "east", "pausd": True},
    }
    answer = api.call("POST", "/apis/keyfleet.io/v1alpha1/fleetclusters", body)
    assert answer.status == 422
    assert b"pausd" in answer.body


def test_install_again_changes_nothing(installed: Result, keyfleet: Program) -> None:
    assert installed.code == 0
    again = keyfleet("install", "-o", "json")
    assert again.code == 0
    assert {item["change"] for item in again.json()["items"]} == {"unchanged"}
    assert keyfleet("install", "-o", "name").out == "".join(
        f"{line}\n" for line in keyfleet("install", "-o", "name").out.splitlines()
    )


def test_the_annotation_domain_stays_until_it_is_changed(
    installed: Result, keyfleet: Program
) -> None:
    assert installed.code == 0
    assert keyfleet("install", "--annotation-domain", "sync.example.com").code == 0
    try:
        assert {i["change"] for i in keyfleet("install", "-o", "json").json()["items"]} == {
            "unchanged"
        }
    finally:
        assert keyfleet("install", "--annotation-domain", "keyfleet.io").code == 0


def test_install_without_rights_is_4(
    installed: Result, keyfleet: Program, fleet: LocalFleet
) -> None:
    assert installed.code == 0
    path = fleet.planes["hub"].write_kubeconfig(keyfleet.folder / "nobody", user="restricted")
    found = keyfleet("install", "--kubeconfig", str(path))
    assert found.code == 4
    assert "api.forbidden" in found.err


def test_what_install_prints_can_be_applied(keyfleet: Program, kubectl: str) -> None:
    printed = keyfleet("install", "--print")
    assert printed.code == 0
    applied = keyfleet.run(
        [kubectl, "--context", "east", "apply", "--dry-run=client", "-f", "-"], stdin=printed.out
    )
    assert applied.code == 0


def test_a_second_controller_stands_by_and_sigterm_ends_it_in_order(
    controller: Running, keyfleet: Program
) -> None:
    assert controller.process.poll() is None
    with keyfleet.running("run", "--listen", "127.0.0.1:0", "--log-format", "text") as second:
        address = second.says(r"app.listening +address=(\S+)")[1]
        for page in ("healthz", "readyz"):
            with urlopen(f"http://{address}/{page}", timeout=PATIENCE_S) as answer:
                assert answer.status == 200
        with urlopen(f"http://{address}/metrics", timeout=PATIENCE_S) as answer:
            assert b"\nkeyfleet_leader 0" in answer.read()
        assert second.stop(signal.SIGTERM) == 0


def test_a_taken_address_is_an_error_and_not_a_hang(controller: Running, keyfleet: Program) -> None:
    address = controller.says(r"app.listening +address=(\S+)")[1]
    found = keyfleet("run", "--listen", address)
    assert found.code in (2, 3)
    assert "Error:" in found.err


def test_an_unreachable_hub_is_3(keyfleet: Program, fleet: LocalFleet) -> None:
    text = (keyfleet.folder / "gone").as_posix()
    config = fleet.write_kubeconfig(keyfleet.folder / "gone").read_text()
    (keyfleet.folder / "gone").write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", config))
    for command in (("status",), ("clusters",), ("install",), ("sync", "a/b"), ("plan",)):
        found = keyfleet("--kubeconfig", text, *command)
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith("Error:")


def test_a_hub_without_keyfleet_says_what_to_do(keyfleet: Program) -> None:
    for command in (("status",), ("plan",), ("wait", "a/b"), ("sync", "a/b"), ("why", "a/b")):
        found = keyfleet("--context", "east", *command)
        assert found.code == 3
        assert "keyfleet install" in found.err


def test_kubectl_shows_useful_columns(
    controller: Running, keyfleet: Program, objects: Objects, kubectl: str
) -> None:
    assert controller.process.poll() is None
    objects.secret("hub", "src", {"password": "columns"})
    objects.declare("db", "src", "east", "west")
    assert keyfleet("wait", f"{objects.namespace}/db").code == 0
    found = keyfleet.run([kubectl, "-n", objects.namespace, "get", "fleetsecrets"])
    head, row = found.out.splitlines()
    assert head.split() == ["NAME", "READY", "IN", "SYNC", "REVISION", "REASON", "AGE"]
    assert row.split()[:5] == ["db", "True", "2/2", "1", "Synced"]
    clusters = keyfleet.run([kubectl, "get", "fcl", "-o", "wide"]).out
    assert clusters.splitlines()[0].split()[:3] == ["NAME", "REACHABLE", "VERSION"]


def test_kubectl_finds_the_plug_in(keyfleet: Program, kubectl: str) -> None:
    found = keyfleet.run([kubectl, "keyfleet", "version"])
    assert (found.code, found.out) == (0, keyfleet("version").out)
    assert "kubectl keyfleet" in keyfleet.run([kubectl, "keyfleet", "--help"]).out


def test_sigkill_of_a_controller_leaves_no_process(controller: Running, keyfleet: Program) -> None:
    assert controller.process.poll() is None
    with keyfleet.running("run", "--listen", "127.0.0.1:0") as running:
        running.says("app.started")
        pid = running.process.pid
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    children = subprocess.run(
        ["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, check=False, text=True
    )
    assert children.stdout == ""
