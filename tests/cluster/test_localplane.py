# SPDX-License-Identifier: Apache-2.0
"""A control plane starts, serves its users, dies, comes back and leaves nothing behind."""

import base64
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import yaml

from keyfleet.base import codec
from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import ControlPlane, assets
from keyfleet.localplane.api import Api
from keyfleet.localplane.connections import client_context
from keyfleet.testing.canary import CANARY_PREFIX


@pytest.fixture(scope="module")
def own() -> Iterator[ControlPlane]:
    """A plane that these tests may kill."""
    plane = ControlPlane("own", users={"reader": ("readers",)}).open()
    yield plane
    plane.close()


def login(plane: ControlPlane, user: str) -> Api:
    return Api(plane.url, plane.ca_pem, plane.tokens[user])


def kubectl(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(assets.ensure_tool("kubectl")), "--kubeconfig", str(config), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode == 0


async def test_starts_and_stops_and_removes_its_directory() -> None:
    async with await ControlPlane.start("short") as plane:
        version = plane.api.must("GET", "/version")
        directory = plane.directory
        assert directory.stat().st_mode & 0o077 == 0
    assert not directory.exists()
    assert (int(version["major"]), int(version["minor"])) >= (1, 36)


def test_administrator_may_all_and_restricted_may_nothing(hub: ControlPlane) -> None:
    path = "/api/v1/namespaces/default/secrets"
    assert hub.api.call("GET", path).status == 200
    assert login(hub, "restricted").call("GET", path).status == 403


def test_wrong_token_is_nobody(hub: ControlPlane) -> None:
    assert Api(hub.url, hub.ca_pem, "wrong").call("GET", "/api/v1/secrets").status == 401


def test_further_user_has_the_rights_that_its_group_is_given(own: ControlPlane) -> None:
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    # Not the built-in `view`: its rules are aggregated by the controller-manager, which is absent.
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
    own.api.must("POST", f"{rbac}/clusterroles", {"metadata": {"name": "r"}, "rules": [rule]})
    binding = {
        "metadata": {"name": "readers"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "Group", "name": "readers"}],
    }
    own.api.must("POST", f"{rbac}/clusterrolebindings", binding)
    reader = login(own, "reader")
    # The authorizer reads its rules from a watch, a moment later.
    assert wait_for(lambda: reader.call("GET", "/api/v1/configmaps").status == 200)
    assert reader.call("GET", "/api/v1/secrets").status == 403


def test_kubectl_logs_in_with_token_and_with_certificate(hub: ControlPlane, tmp_path: Path) -> None:
    for auth in ("token", "certificate"):
        config = tmp_path / f"{auth}.yaml"
        config.write_text(yaml.safe_dump(hub.kubeconfig("admin", auth=auth)))
        done = kubectl(config, "get", "namespaces", "-o", "name")
        assert "namespace/kube-system" in done.stdout, done.stderr


def test_certificate_carries_user_and_groups(hub: ControlPlane, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(hub.kubeconfig("ann", ["team-a", "team-b"])))
    done = kubectl(config, "auth", "whoami", "-o", "json")
    user = codec.decode_json(done.stdout, subject="whoami")["status"]["userInfo"]
    assert (user["username"], user["groups"]) == (
        "ann",
        ["team-a", "team-b", "system:authenticated"],
    )


def test_service_account_token_logs_in(hub: ControlPlane, namespace: str) -> None:
    token = hub.service_account_token(namespace, "robot")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer = Api(hub.url, hub.ca_pem, token).must("POST", path, review)
    assert answer["status"]["userInfo"]["username"] == f"system:serviceaccount:{namespace}:robot"


def test_finalized_namespace_is_gone_with_what_was_in_it(hub: ControlPlane) -> None:
    hub.create_namespace("passing")
    value = base64.b64encode(f"{CANARY_PREFIX}passing".encode()).decode()
    secret = {"metadata": {"name": "s"}, "data": {"password": value}}
    hub.api.must("POST", "/api/v1/namespaces/passing/secrets", secret)
    hub.finalize_namespace("passing")
    assert hub.api.call("GET", "/api/v1/namespaces/passing").status == 404
    assert hub.api.call("GET", "/api/v1/namespaces/passing/secrets/s").status == 404


def test_validating_admission_policies_are_served(hub: ControlPlane) -> None:
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    assert hub.api.call("GET", path).status == 200


def test_api_server_comes_back_with_its_data_on_the_same_port(own: ControlPlane) -> None:
    own.create_namespace("survivor")
    uid = own.api.must("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    url = own.url
    own.kill_api()
    with pytest.raises(ConnectionRefusedError):
        own.api.call("GET", "/version")
    own.restart_api()
    assert own.url == url
    assert own.api.call("GET", "/api/v1/namespaces/survivor").status == 200
    assert own.api.must("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"] == uid


def test_paused_api_server_accepts_and_does_not_answer(own: ControlPlane) -> None:
    own.pause_api()
    try:
        with pytest.raises(TimeoutError):
            own.api.call("GET", "/version", timeout_s=0.5)
    finally:
        own.resume_api()
    assert own.api.call("GET", "/version").status == 200


def test_only_loopback_is_served(hub: ControlPlane) -> None:
    assert hub.url.startswith("https://127.0.0.1:")
    assert client_context(hub.ca_pem).verify_mode


def test_start_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    etcd, server = tmp_path / "etcd", tmp_path / "kube-apiserver"
    etcd.write_text("#!/bin/sh\nexec sleep 60\n")
    server.write_text("#!/bin/sh\necho the disk is on fire >&2; exit 7\n")
    for program in (etcd, server):
        program.chmod(0o755)
    with pytest.raises(KeyfleetError) as failure:
        ControlPlane("broken").open(tmp_path)
    assert failure.value.code == "localplane.start"
    assert "kube-apiserver ended with code 7" in str(failure.value)
    assert "the disk is on fire" in failure.value.hint


def test_servers_keep_a_directory_that_was_given(tmp_path: Path) -> None:
    plane = ControlPlane("kept", tmp_path / "kept").open()
    plane.close()
    assert (tmp_path / "kept" / "etcd").is_dir()


PARENT = """
import sys
from keyfleet.localplane import ControlPlane
plane = ControlPlane("orphan").open()
guardian = plane._guardian
pids = [guardian.pid, guardian.pids["etcd"], guardian.pids["kube-apiserver"]]
print(plane.directory, *pids, flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("then", "number"),
    [
        ("sys.stdin.read()", signal.SIGKILL),
        ("sys.stdin.read()", signal.SIGINT),
        ("sys.stdin.read()", signal.SIGTERM),
        ("raise RuntimeError", None),
    ],
    ids=["killed", "ctrl-c", "terminated", "exception"],
)
def test_nothing_is_orphaned(then: str, number: signal.Signals | None) -> None:
    directory, pids = end_of_parent(then, number)
    assert wait_for(lambda: not any(is_alive(pid) for pid in pids))
    assert not directory.exists()


def end_of_parent(then: str, number: signal.Signals | None) -> tuple[Path, list[int]]:
    """Run a parent that starts a plane, end it, and return the plane's directory and processes."""
    program = PARENT.format(then=then)
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as parent,
    ):
        assert parent.stdout is not None
        words = parent.stdout.readline().split()
        pids = [int(word) for word in words[1:]]
        if number is not None:
            assert [pid for pid in pids if not is_alive(pid)] == []
            parent.send_signal(number)
        parent.wait(10)
    return Path(words[0]), pids


def wait_for(condition: Callable[[], bool], *, within_s: float = 5.0) -> bool:
    """Return whether the condition became true in time."""
    deadline = monotonic() + within_s
    pause = threading.Event()
    while not condition():
        if monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children of a killed guardian")
def test_servers_die_with_a_killed_guardian() -> None:
    plane = ControlPlane("unguarded").open()
    guardian: Any = plane._guardian
    pids = list(guardian.pids.values())
    os.kill(guardian.pid, signal.SIGKILL)
    assert wait_for(lambda: not any(is_alive(pid) for pid in pids))
    plane.close()
    assert not plane.directory.exists()
