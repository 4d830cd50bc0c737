# SPDX-License-Identifier: Apache-2.0
"""A plane's kubeconfigs hold everything inline, and its certificates say who is who."""

import base64
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from keyfleet.localplane import ControlPlane, kubeconfigs


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A plane that does not run: its keys are there at once."""
    plane = ControlPlane("east", tmp_path / "east", users={"robot": ("robots",)})
    yield plane
    plane.close()


def login(config: dict[str, Any]) -> dict[str, Any]:
    user: dict[str, Any] = config["users"][0]["user"]
    return user


def certificate(config: dict[str, Any]) -> x509.Certificate:
    pem = base64.b64decode(login(config)["client-certificate-data"])
    return x509.load_pem_x509_certificate(pem)


def names(found: x509.Certificate, kind: x509.ObjectIdentifier) -> list[str | bytes]:
    return [attribute.value for attribute in found.subject.get_attributes_for_oid(kind)]


def test_context_is_named_like_the_plane(plane: ControlPlane) -> None:
    config = plane.kubeconfig()
    assert config["current-context"] == "east"
    assert config["contexts"] == [
        {"name": "east", "context": {"cluster": "east", "user": "east-admin"}}
    ]
    cluster = config["clusters"][0]
    assert cluster["name"] == "east"
    assert cluster["cluster"]["server"] == plane.url
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == plane.ca_pem


def test_known_users_have_tokens(plane: ControlPlane) -> None:
    tokens = {user: login(plane.kubeconfig(user)) for user in ("admin", "restricted", "robot")}
    assert tokens == {user: {"token": plane.tokens[user]} for user in tokens}
    assert len({str(token) for token in tokens.values()}) == 3


def test_any_user_gets_a_certificate_signed_by_the_plane(plane: ControlPlane) -> None:
    found = certificate(plane.kubeconfig("ann", ["a", "b"]))
    assert names(found, NameOID.COMMON_NAME) == ["ann"]
    assert names(found, NameOID.ORGANIZATION_NAME) == ["a", "b"]
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(plane.ca_pem))


def test_known_user_keeps_its_groups_on_a_certificate(plane: ControlPlane) -> None:
    found = certificate(plane.kubeconfig("admin", auth="certificate"))
    assert names(found, NameOID.ORGANIZATION_NAME) == ["system:masters"]


def test_merged_kubeconfig_has_all_contexts(plane: ControlPlane, tmp_path: Path) -> None:
    other = ControlPlane("west", tmp_path / "west")
    other.close()
    config = kubeconfigs.merged([plane.kubeconfig(), other.kubeconfig()])
    assert [context["name"] for context in config["contexts"]] == ["east", "west"]
    assert config["current-context"] == "east"
    assert len({user["name"] for user in config["users"]}) == 2


def test_written_kubeconfig_is_its_owner_s_alone(plane: ControlPlane, tmp_path: Path) -> None:
    path = plane.write_kubeconfig(tmp_path / "new" / "config")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text()) == plane.kubeconfig()


def test_private_keys_do_not_show(plane: ControlPlane) -> None:
    pair = plane.authority.client("ann")
    assert "PRIVATE" not in repr(pair)
    assert plane.tokens["admin"] not in repr(plane.api)
