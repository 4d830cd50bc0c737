# SPDX-License-Identifier: Apache-2.0
"""A real Vault starts, serves its engines and logins, and tells from its log what was asked."""

import secrets
import subprocess
import sys
import threading
from pathlib import Path

import hvac
import pytest
from hvac.exceptions import Forbidden

from keyfleet.localplane import ControlPlane, rig
from keyfleet.localplane.moto import Moto
from keyfleet.localplane.vault import Vault
from keyfleet.testing.canary import CANARY_PREFIX

VALUE = f"{CANARY_PREFIX}vault"


@pytest.fixture
def mount() -> str:
    """A mount of this test alone, also when it runs once more."""
    return f"rig-{secrets.token_hex(4)}"


def test_secret_is_read_by_a_real_client_and_the_read_is_counted(openbao: Vault) -> None:
    mark = openbao.mark()
    assert openbao.put("rig/one", {"password": VALUE}) >= 1
    client = hvac.Client(openbao.url, token=openbao.token("root"))
    answer = client.secrets.kv.v2.read_secret_version("rig/one", raise_on_deleted_version=True)
    assert answer["data"]["data"] == {"password": VALUE}
    assert openbao.reads("secret/data/rig/one", since=mark) == 1
    assert openbao.reads("secret/data/rig/two", since=mark) == 0


def test_audit_log_holds_no_value(openbao: Vault) -> None:
    openbao.put("rig/hidden", {"password": VALUE})
    assert openbao.must("GET", "secret/data/rig/hidden")["data"]["data"] == {"password": VALUE}
    assert VALUE.encode() not in (openbao.directory / "audit.log").read_bytes()


def test_approle_logs_in_within_its_policy(openbao: Vault, mount: str) -> None:
    openbao.put("rig/mine", {"password": VALUE})
    openbao.enable_auth(mount, "approle")
    openbao.policy("rig-reader", {"secret/data/rig/mine": ["read"]})
    openbao.write(f"auth/{mount}/role/app", token_policies=["rig-reader"])
    role = openbao.must("GET", f"auth/{mount}/role/app/role-id")["data"]["role_id"]
    secret = openbao.write(f"auth/{mount}/role/app/secret-id")["data"]["secret_id"]
    mark = openbao.mark()
    client = hvac.Client(openbao.url)
    client.auth.approle.login(role, secret, mount_point=mount)
    assert openbao.call("GET", "secret/data/rig/mine", token=client.token).status == 200
    assert openbao.call("GET", "secret/data/rig/other", token=client.token).status == 403
    assert openbao.logins(mount, since=mark) == 1
    refused = [one.path for one in openbao.requests(mark) if not one.ok]
    assert refused == ["secret/data/rig/other"]


def test_first_version_engine_and_dynamic_engines_can_be_mounted(
    openbao: Vault, mount: str
) -> None:
    openbao.enable_engine(mount, "kv", options={"version": "1"})
    openbao.write(f"{mount}/one", password=VALUE)
    assert openbao.must("GET", f"{mount}/one")["data"] == {"password": VALUE}
    for kind in ("aws", "kubernetes", "rabbitmq", "totp"):
        openbao.enable_engine(f"{mount}-{kind}", kind)


@pytest.mark.parametrize("kind", ["cert", "jwt", "kubernetes", "userpass"])
def test_login_method_can_be_mounted(openbao: Vault, mount: str, kind: str) -> None:
    openbao.enable_auth(f"{mount}-{kind}", kind)


def reviewer(plane: ControlPlane, namespace: str) -> str:
    """Return a token that may ask who the bearer of another is."""
    binding = {
        "metadata": {"name": f"reviewer-{namespace}"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "system:auth-delegator",
        },
        "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": "reviewer"}],
    }
    plane.api.must("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    return plane.service_account_token(namespace, "reviewer")


def test_service_account_logs_in_and_its_cluster_is_asked(
    openbao: Vault, hub: ControlPlane, namespace: str, mount: str
) -> None:
    reviewing = reviewer(hub, namespace)
    openbao.enable_auth(mount, "kubernetes")
    openbao.write(
        f"auth/{mount}/config",
        kubernetes_host=hub.url,
        kubernetes_ca_cert=hub.ca_pem.decode(),
        token_reviewer_jwt=reviewing,
        disable_local_ca_jwt=True,
    )
    bound = {"bound_service_account_names": "robot", "bound_service_account_namespaces": namespace}
    openbao.write(f"auth/{mount}/role/robot", **bound)
    client = hvac.Client(openbao.url)
    login = client.auth.kubernetes.login
    login("robot", hub.service_account_token(namespace, "robot"), mount_point=mount)
    assert client.is_authenticated()
    with pytest.raises(Forbidden):
        login("robot", hub.service_account_token(namespace, "other"), mount_point=mount)


def test_dynamic_secret_is_leased(openbao: Vault, moto: Moto, mount: str) -> None:
    openbao.enable_engine(mount, "aws")
    login = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "made-up", "region": "us-east-1"}
    openbao.write(f"{mount}/config/root", **login, iam_endpoint=moto.url, sts_endpoint=moto.url)
    statement = '{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}'
    policy = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    openbao.write(f"{mount}/roles/app", credential_type="iam_user", policy_document=policy)
    first, second = (openbao.must("GET", f"{mount}/creds/app") for _ in range(2))
    assert first["lease_id"].startswith(f"{mount}/creds/app/")
    assert first["data"]["access_key"] != second["data"]["access_key"]
    assert moto.count("CreateAccessKey") == 2
    openbao.must("PUT", "sys/leases/revoke", {"lease_id": first["lease_id"], "sync": True})
    assert moto.count("DeleteAccessKey") == 1


def test_tls_listener_is_trusted_through_its_authority_only(openbao: Vault, tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_bytes(openbao.authority.ca_pem)
    client = hvac.Client(openbao.tls_url, token="root", verify=str(authority))
    assert client.is_authenticated()
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        hvac.Client(openbao.tls_url, token="root").is_authenticated()


def test_restarted_server_is_empty_at_the_same_address() -> None:
    with Vault() as vault:
        vault.put("one", {"password": VALUE})
        url = vault.url
        vault.kill()
        with pytest.raises(ConnectionRefusedError):
            vault.call("GET", "secret/data/one")
        vault.restart()
        assert vault.url == url
        assert vault.call("GET", "secret/data/one").status == 404
        assert vault.reads("secret/data/one") == 1
    assert not vault.directory.exists()


def test_server_ends_with_its_owner_though_that_closed_nothing() -> None:
    program = (
        "from keyfleet.localplane.vault import Vault\n"
        "import os\n"
        "vault = Vault().open()\n"
        "print(vault.url, vault.directory, flush=True)\n"
        "os._exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    url, directory = done.stdout.split()
    # The output ends only when the guardian, which inherited it, has ended too; the server that it
    # told to end may still be at it.
    assert _ends(url)
    assert not Path(directory).exists()


def _ends(url: str) -> bool:
    """Tell whether nobody listens there any more, within some seconds."""
    pause = threading.Event()
    for _ in range(100):
        try:
            rig.call(url, "GET", "/v1/sys/health")
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
        pause.wait(0.1)
    return False
