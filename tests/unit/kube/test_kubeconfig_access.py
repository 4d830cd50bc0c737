# SPDX-License-Identifier: Apache-2.0
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.kube.access import Access
from keyfleet.kube.auth.combined import Combined
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig import Trust, load, parse
from keyfleet.localplane.pki import Authority

CA = Authority("access-tests").ca_pem
TOKEN = {"token": "kf-canary-t"}


def _raw(cluster: dict[str, Any], user: dict[str, Any] | None = None, **context: str) -> bytes:
    return codec.encode_json(
        {
            "clusters": [{"name": "c", "cluster": {"server": "https://api", **cluster}}],
            "users": [{"name": "u", "user": TOKEN if user is None else user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", **context}}],
        }
    )


def _access(
    cluster: dict[str, Any],
    user: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    trust: Trust = Trust.OPERATOR,
) -> Access:
    config = parse(_raw(cluster, user), origin="f", trust=trust)
    return config.access("x", Surroundings(environ or {}))


def test_a_foreign_kubeconfig_with_data_is_honoured() -> None:
    ca = b64encode(CA).decode()
    access = _access(
        {
            "certificate-authority-data": ca,
            "tls-server-name": "api.internal",
            "proxy-url": "http://proxy:3128",
            "disable-compression": True,
        },
        trust=Trust.INVENTORY,
    )
    endpoint = access.endpoint
    assert (endpoint.server, endpoint.ca_pem.strip()) == ("https://api", CA.strip())
    assert (endpoint.tls_server_name, endpoint.proxy_url) == ("api.internal", "http://proxy:3128")
    assert endpoint.disable_compression
    assert access.warnings == ()


@pytest.mark.parametrize(
    ("trust", "is_foreign"), [(Trust.INVENTORY, True), (Trust.OPERATOR, False)]
)
def test_only_an_inventory_s_name_is_checked_where_it_leads(
    trust: Trust, *, is_foreign: bool
) -> None:
    ca = b64encode(CA).decode()
    access = _access({"certificate-authority-data": ca}, trust=trust)
    assert access.endpoint.is_foreign is is_foreign


def test_remarks_between_certificates_do_not_count() -> None:
    remarked = b"# caf\xc3\xa9\n" + CA + b"\nsubject=x\n" + CA
    plain = _access({"certificate-authority-data": b64encode(CA + CA).decode()})
    noted = _access({"certificate-authority-data": b64encode(remarked).decode()})
    assert noted.endpoint.ca_sha256 == plain.endpoint.ca_sha256


def test_many_beginnings_of_certificates_are_read_quickly() -> None:
    data = b64encode(b"-----BEGIN CERTIFICATE-----" * 50_000).decode()
    with pytest.raises(InvalidInputError, match="no usable certificate"):
        _access({"certificate-authority-data": data})


def test_a_ca_file_is_read_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(CA)
    (tmp_path / "config").write_bytes(_raw({"certificate-authority": "ca.pem"}))
    access = load([tmp_path / "config"], {}).access("x", Surroundings())
    assert access.endpoint.ca_pem.strip() == CA.strip()


def test_skipped_verification_is_honoured_with_one_warning() -> None:
    access = _access({"insecure-skip-tls-verify": True})
    assert access.endpoint.insecure
    assert len(access.warnings) == 1
    assert "insecure-skip-tls-verify" in access.warnings[0]


async def test_a_plain_http_server_gets_no_credentials() -> None:
    """They are not even read: the files named here do not exist."""
    user = {"tokenFile": "/kf-canary-absent", "as": "root"}
    access = _access({"server": "http://127.0.0.1:8001"}, user)
    assert access.credential == Combined()
    assert access.impersonation == ()
    assert "plain http" in access.warnings[0]


async def test_an_address_without_scheme_is_https_with_tls_data() -> None:
    data = {"server": "api", "certificate-authority-data": b64encode(CA).decode()}
    assert _access(data).endpoint.server == "https://api"
    assert _access({"server": "api"}).credential == Combined()


def test_a_lonely_key_is_ignored_as_kubectl_does_but_said() -> None:
    assert "client key" in _access({}, {"client-key-data": "eA==", **TOKEN}).warnings[0]


def test_the_environments_proxy_serves_where_none_is_written() -> None:
    environ = {"HTTPS_PROXY": "http://env:3128"}
    assert _access({}, environ=environ).endpoint.proxy_url == "http://env:3128"
    own = {"proxy-url": "http://own:3128"}
    assert _access(own, environ=environ).endpoint.proxy_url == "http://own:3128"


def test_the_namespace_of_the_context() -> None:
    raw = _raw({}, namespace="payments")
    assert parse(raw, origin="f").access("x", Surroundings()).namespace == "payments"
    assert _access({}).namespace == "default"


def test_the_generation_changes_with_what_is_written_and_nothing_else(tmp_path: Path) -> None:
    base = _access({}).generation
    assert _access({}).generation == base
    changed = [
        _access({"server": "https://other"}),
        _access({}, {"token": "kf-canary-other"}),
        _access({"certificate-authority-data": b64encode(CA).decode()}),
        _access({}, environ={"HTTPS_PROXY": "http://p"}),
    ]
    assert len({base, *(access.generation for access in changed)}) == 5


def test_the_generation_follows_the_content_of_a_ca_file(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(_raw({"certificate-authority": "ca.pem"}))
    generations = set()
    for authority in (Authority("one"), Authority("two")):
        (tmp_path / "ca.pem").write_bytes(authority.ca_pem)
        access = load([tmp_path / "config"], {}).access("x", Surroundings())
        generations.add(access.generation)
    assert len(generations) == 2


async def test_a_plugin_is_told_the_cluster_with_its_ca_as_data(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(CA)
    script = tmp_path / "login"
    script.write_text('#!/bin/sh\nprintf %s "$KUBERNETES_EXEC_INFO" > "$0.info"\nexit 1\n')
    script.chmod(0o755)
    cluster = {
        "certificate-authority": "ca.pem",
        "proxy-url": "http://proxy:3128",
        "extensions": [
            {"name": "other", "extension": 1},
            {"name": "client.authentication.k8s.io/exec", "extension": {"audience": None}},
        ],
    }
    plugin = {
        "command": "./login",
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "provideClusterInfo": True,
    }
    (tmp_path / "config").write_bytes(_raw(cluster, {"exec": plugin}))
    config = load([tmp_path / "config"], {})
    access = config.access("x", Surroundings({"PATH": os.defpath}))
    with pytest.raises(UnreachableError, match="failed"):
        await access.credential.headers()
    info = codec.decode_json((tmp_path / "login.info").read_bytes(), subject="")
    assert info["spec"]["cluster"] == {
        "server": "https://api",
        "certificate-authority-data": b64encode(access.endpoint.ca_pem).decode(),
        "proxy-url": "http://proxy:3128",
        "config": {"audience": None},
    }
