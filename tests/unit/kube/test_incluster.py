# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.incluster import in_cluster_access, is_in_cluster
from keyfleet.localplane.pki import Authority
from keyfleet.testing.clock import FakeClock

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("kf-canary-pod\n")
    (tmp_path / "ca.crt").write_bytes(Authority("pod").ca_pem)
    (tmp_path / "namespace").write_text("keyfleet-system\n")
    return tmp_path


async def test_logs_in_with_the_mounted_token(mount: Path) -> None:
    access = in_cluster_access(Surroundings(POD, service_account=mount))
    assert access.endpoint.server == "https://10.0.0.1:443"
    assert access.endpoint.ca_pem.startswith(b"-----BEGIN")
    assert access.namespace == "keyfleet-system"
    assert await access.credential.headers() == {"Authorization": "Bearer kf-canary-pod"}


async def test_follows_the_token(mount: Path) -> None:
    clock = FakeClock()
    access = in_cluster_access(Surroundings(POD, clock, service_account=mount))
    await access.credential.headers()
    (mount / "token").write_text("kf-canary-next")
    await clock.advance(60)
    assert await access.credential.headers() == {"Authorization": "Bearer kf-canary-next"}


def test_an_ipv6_service_gets_brackets(mount: Path) -> None:
    environ = POD | {"KUBERNETES_SERVICE_HOST": "fd00::1"}
    access = in_cluster_access(Surroundings(environ, service_account=mount))
    assert access.endpoint.server == "https://[fd00::1]:443"


def test_the_namespace_by_variable_then_file_then_default(mount: Path) -> None:
    environ = POD | {"POD_NAMESPACE": "mine"}
    assert in_cluster_access(Surroundings(environ, service_account=mount)).namespace == "mine"
    (mount / "namespace").unlink()
    assert in_cluster_access(Surroundings(POD, service_account=mount)).namespace == "default"


@pytest.mark.parametrize("missing", list(POD))
def test_outside_of_a_pod(missing: str, mount: Path) -> None:
    environ = {name: text for name, text in POD.items() if name != missing}
    assert not is_in_cluster(environ)
    with pytest.raises(InvalidInputError, match="not in a pod"):
        in_cluster_access(Surroundings(environ, service_account=mount))


@pytest.mark.parametrize(
    ("file", "content"),
    [("token", None), ("token", " "), ("ca.crt", None), ("ca.crt", "kf-canary")],
)
def test_a_broken_mount_is_said(mount: Path, file: str, content: str | None) -> None:
    (mount / file).unlink() if content is None else (mount / file).write_text(content)
    with pytest.raises(InvalidInputError, match="service account") as caught:
        in_cluster_access(Surroundings(POD, service_account=mount))
    assert "kf-canary" not in caught.value.diagnostics()
