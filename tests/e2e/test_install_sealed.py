# SPDX-License-Identifier: Apache-2.0
"""`install --dialect sealed-secrets`: manifests are taken as upstream takes them."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.harness import Program, eventually, isolated

from keyfleet.base import codec
from keyfleet.localplane import ControlPlane

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sealedsecrets.bitnami.com"
GROUP = "/apis/bitnami.com/v1alpha1"
SYSTEM = "/api/v1/namespaces/keyfleet-system"
PRINTED = Path(__file__).parents[1] / "compat" / "sealedsecrets" / "seed001" / "sealedsecret.yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture(scope="module")
def hub() -> Iterator[ControlPlane]:
    """A hub that only these tests know."""
    plane = ControlPlane("hub")
    try:
        plane.open()
        yield plane
    finally:
        plane.close()


@pytest.fixture
def program(hub: ControlPlane, tmp_path: Path) -> Program:
    path = tmp_path / "kubeconfig"
    path.write_bytes(codec.encode_json(hub.kubeconfig()))
    return Program(isolated(tmp_path, KUBECONFIG=str(path)), tmp_path)


@pytest.fixture
def namespace(hub: ControlPlane, program: Program) -> Iterator[str]:
    name = f"e2e-{secrets.token_hex(4)}"
    hub.create_namespace(name)
    yield name
    program("uninstall", "--yes")
    if hub.api.call("GET", SYSTEM).status == 200:
        hub.finalize_namespace("keyfleet-system")
    hub.finalize_namespace(name)


def sealed_secret(namespace: str) -> dict[str, Any]:
    """Return the manifest that seed 001 prints, in another namespace."""
    (document,) = codec.decode_yaml(PRINTED.read_bytes(), subject=PRINTED.name)
    found: dict[str, Any] = document.content
    found["metadata"]["namespace"] = namespace
    found["spec"]["template"]["stringData"] = {"pruned": "x"}
    found["spec"]["template"]["metadata"]["kept"] = True
    return found


def test_the_hub_takes_what_upstream_takes_and_gives_back_what_is_owned(
    program: Program, hub: ControlPlane, namespace: str
) -> None:
    assert program("install", "--dialect", "sealed-secrets").code == 0
    assert program("install", "--dialect", "sealed-secrets").code == 0
    path = f"{GROUP}/namespaces/{namespace}/sealedsecrets"
    made = hub.api.must("POST", path, sealed_secret(namespace))
    assert made["spec"]["template"] == {
        "metadata": {"name": "api-keys", "namespace": "default", "kept": True}
    }
    assert len(made["spec"]["encryptedData"]) == 2
    owner = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "name": "api-keys",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    at = f"/api/v1/namespaces/{namespace}/secrets"
    hub.api.must("POST", at, {"metadata": {"name": "api-keys", "ownerReferences": [owner]}})
    doctor = program("doctor", "-o", "json")
    assert "SealedSecret" in doctor.out
    status = program("status", "-n", namespace, "-o", "json").json()["items"]
    assert [(each["ready"], each["reason"]) for each in status] == [("Unknown", "NotObserved")]
    # Where no status is ever written, or another controller serves it, nothing waits for one.
    silent = {"KEYFLEET_SEALED_SECRETS_UPDATE_STATUS": "false"}
    status = program("status", "-n", namespace, "-o", "json", **silent).json()["items"]
    assert [(each["ready"], each["reason"]) for each in status] == [("False", "UnsealFailed")]
    theirs = {"KEYFLEET_SEALED_SECRETS_LABEL_SELECTOR": "tool=keyfleet"}
    assert program("status", "-n", namespace, "-o", "json", **theirs).json()["items"] == []
    why = program("why", f"{namespace}/api-keys").out
    assert "Failed, UnsealFailed: " in why
    assert "has no sealing key in use" in why
    done = program("uninstall", "--yes")
    assert done.code == 0, done.err
    assert "1 objects of kind SealedSecret are deleted with their CRD" in done.err
    assert hub.api.call("GET", CRD).status == 404
    assert "ownerReferences" not in hub.api.must("GET", f"{at}/api-keys")["metadata"]


def test_the_kind_of_somebody_else_is_left_alone(
    program: Program, hub: ControlPlane, namespace: str
) -> None:
    del namespace
    printed = program("install", "--print", "--dialect", "sealed-secrets")
    documents = codec.decode_yaml(printed.out.encode(), subject="printed")
    (crd,) = [
        one.content
        for one in documents
        if one.content["metadata"]["name"] == "sealedsecrets.bitnami.com"
    ]
    del crd["metadata"]["labels"]
    before = hub.api.must("POST", CRD.rpartition("/")[0], crd)
    try:
        done = program("install", "--dialect", "sealed-secrets", "--no-wait")
        assert done.code == 0, done.err
        assert "run --dialects sealed-secrets" in done.err
        assert program("uninstall", "--yes").code == 0
        assert hub.api.must("GET", CRD)["metadata"]["uid"] == before["metadata"]["uid"]
    finally:
        hub.api.call("DELETE", CRD)
        eventually(lambda: hub.api.call("GET", CRD).status == 404, what="the CRD stays")
