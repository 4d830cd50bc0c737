# SPDX-License-Identifier: Apache-2.0
"""A real Vault starts, serves its engines and logins, and tells from its log what was asked."""

import subprocess
import sys
from pathlib import Path

import hvac
import pytest

from keyfleet.localplane.vault import Vault
from keyfleet.testing.canary import CANARY_PREFIX

VALUE = f"{CANARY_PREFIX}vault"


def test_secret_is_read_by_a_real_client_and_the_read_is_counted(openbao: Vault) -> None:
    mark = openbao.mark()
    assert openbao.put("rig/one", {"password": VALUE}) == 1
    client = hvac.Client(openbao.url, token=openbao.token("root"))
    answer = client.secrets.kv.v2.read_secret_version("rig/one", raise_on_deleted_version=True)
    assert answer["data"]["data"] == {"password": VALUE}
    assert openbao.reads("secret/data/rig/one", since=mark) == 1
    assert openbao.reads("secret/data/rig/two", since=mark) == 0


def test_audit_log_holds_no_value(openbao: Vault) -> None:
    openbao.put("rig/hidden", {"password": VALUE})
    assert openbao.must("GET", "secret/data/rig/hidden")["data"]["data"] == {"password": VALUE}
    assert VALUE.encode() not in (openbao.directory / "audit.log").read_bytes()


def test_approle_logs_in_within_its_policy(openbao: Vault) -> None:
    openbao.put("rig/mine", {"password": VALUE})
    openbao.enable_auth("rig-approle", "approle")
    openbao.policy("rig-reader", {"secret/data/rig/mine": ["read"]})
    openbao.write("auth/rig-approle/role/app", token_policies=["rig-reader"])
    role = openbao.must("GET", "auth/rig-approle/role/app/role-id")["data"]["role_id"]
    secret = openbao.write("auth/rig-approle/role/app/secret-id")["data"]["secret_id"]
    mark = openbao.mark()
    client = hvac.Client(openbao.url)
    client.auth.approle.login(role, secret, mount_point="rig-approle")
    assert openbao.call("GET", "secret/data/rig/mine", token=client.token).status == 200
    assert openbao.call("GET", "secret/data/rig/other", token=client.token).status == 403
    assert openbao.logins("rig-approle", since=mark) == 1
    refused = [one.path for one in openbao.requests(mark) if not one.ok]
    assert refused == ["secret/data/rig/other"]


def test_first_version_engine_and_dynamic_engines_can_be_mounted(openbao: Vault) -> None:
    openbao.enable_engine("rig-old", "kv", options={"version": "1"})
    openbao.write("rig-old/one", password=VALUE)
    assert openbao.must("GET", "rig-old/one")["data"] == {"password": VALUE}
    for kind in ("aws", "kubernetes", "rabbitmq", "totp"):
        openbao.enable_engine(f"rig-{kind}", kind)


@pytest.mark.parametrize("kind", ["cert", "jwt", "kubernetes", "userpass"])
def test_login_method_can_be_mounted(openbao: Vault, kind: str) -> None:
    openbao.enable_auth(f"rig-{kind}", kind)


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


def test_server_ends_with_its_owner() -> None:
    program = (
        "from keyfleet.localplane.vault import Vault\n"
        "import os, sys\n"
        "vault = Vault().open()\n"
        "print(vault.url, vault.directory, flush=True)\n"
        "os._exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    url, directory = done.stdout.split()
    # The pipe to the program closes only when the guardian, which inherited it, has ended too.
    assert not Path(directory).exists()
    assert url
