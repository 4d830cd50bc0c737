# SPDX-License-Identifier: Apache-2.0
"""Every login on a real API server, which says whom it saw; kubectl reads the same kubeconfig."""

import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keyfleet.base import codec
from keyfleet.base.clock import SystemClock, timestamp
from keyfleet.base.errors import KeyfleetError
from keyfleet.kube import requests
from keyfleet.kube.access import Access
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.incluster import in_cluster_access
from keyfleet.kube.kubeconfig import Kubeconfig, Trust, load, parse
from keyfleet.kube.resources import Resource
from keyfleet.localplane import ControlPlane, assets
from keyfleet.testing.clock import FakeClock

REVIEWS = Resource(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False
)
ENVIRON = {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"}

Identity = dict[str, Any]
WhoAmI = Callable[[Access], Awaitable[Identity]]


@dataclass
class Session:
    """One client, asked who it is as often as a test wants."""

    client: Client

    async def whoami(self) -> Identity:
        body = {"apiVersion": REVIEWS.api_version, "kind": REVIEWS.kind}
        request = msgspec.structs.replace(requests.create(REVIEWS, body), accept=requests.JSON)
        answer = codec.decode_json(await self.client.transport.send(request), subject="review")
        found: Identity = answer["status"]["userInfo"]
        return found


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[Access], Session]]:
    clients: list[Client] = []

    def open_session(access: Access) -> Session:
        clients.append(Client("hub", access, clock=SystemClock()))
        return Session(clients[-1])

    yield open_session
    for client in clients:
        await client.close()


def _written(plane: ControlPlane, folder: Path, user: dict[str, Any], **cluster: Any) -> Path:
    """Write the plane's kubeconfig with another user entry and more cluster fields."""
    document = plane.kubeconfig()
    document["users"][0]["user"] = user
    document["clusters"][0]["cluster"].update(cluster)
    path = folder / "config"
    path.write_bytes(codec.encode_json(document))
    return path


def _access(path: Path, plane: ControlPlane, surroundings: Surroundings | None = None) -> Access:
    return load([path], {}).access(plane.name, surroundings or Surroundings(ENVIRON))


def _kubectl_whoami(path: Path) -> Identity:
    command = [str(assets.ensure_tool("kubectl")), "--kubeconfig", str(path)]
    answer = subprocess.run(
        [*command, "auth", "whoami", "-o", "json"], check=True, capture_output=True, env=ENVIRON
    )
    found: Identity = codec.decode_json(answer.stdout, subject="kubectl")["status"]["userInfo"]
    return found


def _without_credential_id(identity: Identity) -> Identity:
    return {key: value for key, value in identity.items() if key != "extra"}


def _plugin(folder: Path, **changes: Any) -> dict[str, Any]:
    """Return a user entry whose plugin counts its runs and prints `answer`."""
    script = folder / "login"
    script.write_text(f"#!/bin/sh\necho run >> {folder}/runs\ncat {folder}/answer\n")
    script.chmod(0o755)
    plugin = {
        "command": "./login",
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
    }
    return {"exec": plugin | changes}


def _answer(folder: Path, version: str = "v1", **status: str) -> None:
    answer = {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "kind": "ExecCredential",
        "status": status,
    }
    (folder / "answer").write_bytes(codec.encode_json(answer))


def _runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


Connect = Callable[[Access], Session]


@pytest.mark.parametrize("auth", ["token", "certificate"])
async def test_token_and_certificate_held_in_a_secret(
    hub: ControlPlane, connect: Connect, auth: Any
) -> None:
    raw = codec.encode_json(hub.kubeconfig("admin", auth=auth))
    config = parse(raw, origin="Secret a/b", trust=Trust.INVENTORY)
    identity = await connect(config.current_access(Surroundings())).whoami()
    assert identity["username"] == "admin"
    assert "system:masters" in identity["groups"]


async def test_certificate_files_rotate_to_another_identity(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    def write(user: str) -> None:
        pair = hub.authority.client(user, ["people"])
        (tmp_path / "crt").write_bytes(pair.certificate_pem)
        (tmp_path / "key").write_bytes(pair.key_pem)

    write("first")
    user = {"client-certificate": "crt", "client-key": "key"}
    path = _written(hub, tmp_path, user)
    clock = FakeClock()
    session = connect(_access(path, hub, Surroundings(ENVIRON, clock)))
    assert (await session.whoami())["username"] == "first"
    write("second")
    assert _kubectl_whoami(path)["username"] == "second"
    await clock.advance(1)
    assert (await session.whoami())["username"] == "second"


async def test_a_token_file_rotates_and_a_401_reads_it_at_once(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(hub.tokens["admin"] + "\n")
    path = _written(hub, tmp_path, {"tokenFile": "token"})
    clock = FakeClock()
    session = connect(_access(path, hub, Surroundings(ENVIRON, clock)))
    assert (await session.whoami())["username"] == "admin"
    token.write_text(hub.tokens["restricted"])
    await clock.advance(60)
    assert (await session.whoami())["username"] == "restricted"
    assert _kubectl_whoami(path)["username"] == "restricted"
    token.write_text("kf-canary-revoked")
    await clock.advance(60)
    with pytest.raises(KeyfleetError) as caught:
        await session.whoami()
    assert "kf-canary" not in caught.value.diagnostics()
    token.write_text(hub.tokens["admin"])
    await clock.advance(10)
    assert (await session.whoami())["username"] == "admin"


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_a_plugin_gives_tokens_that_expire(
    hub: ControlPlane, connect: Connect, tmp_path: Path, version: str
) -> None:
    clock = FakeClock(SystemClock().now())
    user = _plugin(tmp_path, apiVersion=f"client.authentication.k8s.io/{version}")
    path = _written(hub, tmp_path, user)

    def answer(name: str) -> None:
        expires = timestamp(clock.now() + timedelta(hours=1))
        _answer(tmp_path, version, token=hub.tokens[name], expirationTimestamp=expires)

    answer("admin")
    session = connect(_access(path, hub, Surroundings(ENVIRON, clock)))
    for _ in range(3):
        assert (await session.whoami())["username"] == "admin"
    assert _runs(tmp_path) == 1
    assert _kubectl_whoami(path)["username"] == "admin"
    await clock.advance(3600)
    answer("restricted")
    assert (await session.whoami())["username"] == "restricted"
    assert _runs(tmp_path) == 3


async def test_a_revoked_token_of_a_plugin_is_replaced_within_the_request(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    clock = FakeClock()
    _answer(tmp_path, token="kf-canary-revoked")
    path = _written(hub, tmp_path, _plugin(tmp_path))
    access = _access(path, hub, Surroundings(ENVIRON, clock))
    await access.credential.headers()
    await clock.advance(10)
    _answer(tmp_path, token=hub.tokens["admin"])
    assert (await connect(access).whoami())["username"] == "admin"
    assert _runs(tmp_path) == 2


async def test_a_plugin_gives_a_certificate(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    pair = hub.authority.client("plugged", ["people"])
    certificate, key = pair.certificate_pem.decode(), pair.key_pem.decode()
    _answer(tmp_path, clientCertificateData=certificate, clientKeyData=key)
    path = _written(hub, tmp_path, _plugin(tmp_path))
    identity = await connect(_access(path, hub)).whoami()
    assert identity["username"] == "plugged"
    assert _without_credential_id(identity) == _without_credential_id(_kubectl_whoami(path))


async def test_a_static_token_keeps_the_plugin_from_running(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    user = {"token": hub.tokens["restricted"], **_plugin(tmp_path)}
    path = _written(hub, tmp_path, user)
    assert (await connect(_access(path, hub)).whoami())["username"] == "restricted"
    assert _kubectl_whoami(path)["username"] == "restricted"
    assert not (tmp_path / "runs").exists()


async def test_impersonates_as_kubectl_does(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    user = {
        "token": hub.tokens["admin"],
        "as": "jörg",
        "as-uid": "42",
        "as-groups": ["payments", "b c"],
        "as-user-extra": {"example.com/scope": ["x", "y"], "100% plain": ["z"]},
    }
    path = _written(hub, tmp_path, user)
    identity = await connect(_access(path, hub)).whoami()
    assert identity == _kubectl_whoami(path)
    assert identity["username"] == "jörg"
    assert identity["uid"] == "42"
    assert {"payments", "b c"} <= set(identity["groups"])
    assert identity["extra"]["example.com/scope"] == ["x", "y"]
    assert identity["extra"]["100% plain"] == ["z"]


async def test_a_server_name_other_than_the_address_is_verified(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    user = {"token": hub.tokens["admin"]}
    path = _written(hub, tmp_path, user, **{"tls-server-name": "somebody.else"})
    with pytest.raises(KeyfleetError) as caught:
        await connect(_access(path, hub)).whoami()
    assert caught.value.code == "api.tls"


async def test_verification_is_skipped_only_where_the_operator_says_so(
    hub: ControlPlane, connect: Connect, tmp_path: Path
) -> None:
    document = hub.kubeconfig()
    cluster = document["clusters"][0]["cluster"]
    del cluster["certificate-authority-data"]
    cluster["insecure-skip-tls-verify"] = True
    access = _of(document).current_access(Surroundings())
    assert (await connect(access).whoami())["username"] == "admin"
    cluster["insecure-skip-tls-verify"] = False
    with pytest.raises(KeyfleetError) as caught:
        await connect(_of(document).current_access(Surroundings())).whoami()
    assert caught.value.code == "api.tls"


def _of(document: dict[str, Any]) -> Kubeconfig:
    return parse(codec.encode_json(document), origin="test", trust=Trust.OPERATOR)


async def test_a_pod_logs_in_by_its_service_account(
    hub: ControlPlane, connect: Connect, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(hub.service_account_token(namespace, "keyfleet"))
    (tmp_path / "ca.crt").write_bytes(hub.ca_pem)
    (tmp_path / "namespace").write_text(namespace)
    host, _, port = hub.url.removeprefix("https://").rpartition(":")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    access = in_cluster_access(Surroundings(environ, service_account=tmp_path))
    identity = await connect(access).whoami()
    assert identity["username"] == f"system:serviceaccount:{namespace}:keyfleet"
    assert access.namespace == namespace


def test_merges_as_kubectl_does(hub: ControlPlane, tmp_path: Path) -> None:
    """The order of files decides for whole entries, the first non-empty context is current."""
    files = []
    for number, (user, current) in enumerate([("admin", ""), ("restricted", "b"), ("admin", "c")]):
        document = hub.kubeconfig(user, context="abc"[number % 2])
        document["current-context"] = current
        document["users"][0]["name"] = document["contexts"][0]["context"]["user"] = "shared"
        files.append(tmp_path / str(number))
        files[-1].write_bytes(codec.encode_json(document))
    listed = os.pathsep.join(map(str, [*files, tmp_path / "absent"]))
    command = [str(assets.ensure_tool("kubectl")), "config", "view", "--raw", "-o", "json"]
    shown = subprocess.run(
        command, check=True, capture_output=True, env={**ENVIRON, "KUBECONFIG": listed}
    )
    theirs = parse(shown.stdout, origin="kubectl", trust=Trust.OPERATOR)
    ours = load(None, {"KUBECONFIG": listed})
    assert ours.current == theirs.current == "b"
    assert {name: at.entry for name, at in ours.users.items()} == {
        name: at.entry for name, at in theirs.users.items()
    }
    assert {name: at.entry for name, at in ours.clusters.items()} == {
        name: at.entry for name, at in theirs.clusters.items()
    }
    assert {name: at.entry for name, at in ours.context_entries.items()} == {
        name: at.entry for name, at in theirs.context_entries.items()
    }
