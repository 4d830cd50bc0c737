# SPDX-License-Identifier: Apache-2.0
"""Upstream's controller takes over our keys and sealed values, and we take over its."""

import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, TypeVar

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.sealing import Keyset, Scope, load_certificate, load_key, make_key
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.keysecrets import ACTIVE, KEY_LABEL, new_key_secret
from keyfleet.kube.resources import CRDS, SEALEDSECRETS, SECRETS
from keyfleet.localplane import ControlPlane
from keyfleet.manifests.sealedsecrets import sealedsecrets_crds
from keyfleet.testing.canary import canary

NAME = "db"
VALUES = {"password": canary("taken-over"), "empty": b""}
PATIENCE_S = 60.0
PAUSE = Event()
T = TypeVar("T")


@pytest.fixture(scope="module")
def plane(hub: ControlPlane) -> Iterator[ControlPlane]:
    """A plane that serves SealedSecrets."""
    (crd,) = sealedsecrets_crds()
    hub.api.must("POST", CRDS.path(), crd)
    eventually(lambda: hub.api.call("GET", SEALEDSECRETS.path()).status == HTTPStatus.OK)
    yield hub
    hub.api.call("DELETE", CRDS.path(name=crd["metadata"]["name"]))


@pytest.fixture
def start(
    sealed_secrets_controller: Path, plane: ControlPlane, namespace: str, tmp_path: Path
) -> Iterator[Callable[[], None]]:
    """Start upstream's controller for the test's namespace, where its keys are, too."""
    processes: list[subprocess.Popen[bytes]] = []
    kubeconfig = plane.write_kubeconfig(tmp_path / "kubeconfig")

    def start() -> None:
        command = [str(sealed_secrets_controller), str(kubeconfig), namespace, "2048"]
        with (tmp_path / "log").open("wb") as log:
            processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    yield start
    for process in processes:
        process.kill()
        process.wait()


def eventually(look: Callable[[], T]) -> T:
    """Return what a look finds as soon as that is something."""
    end = monotonic() + PATIENCE_S
    while not (found := look()):
        assert monotonic() < end, "it did not come about"
        PAUSE.wait(0.1)
    return found


def key_secrets(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    path = f"{SECRETS.path(namespace=namespace)}?labelSelector={KEY_LABEL}={ACTIVE}"
    items: list[dict[str, Any]] = plane.api.must("GET", path)["items"]
    return items


def put(plane: ControlPlane, namespace: str, certificate: bytes) -> dict[str, str]:
    """Write a SealedSecret of ours; return its values."""
    label = Scope.STRICT.label(namespace, NAME)
    seal = load_certificate(certificate).seal
    sealed = {item: seal(SecretValue(value), label) for item, value in VALUES.items()}
    plane.api.must(
        "POST",
        SEALEDSECRETS.path(namespace=namespace),
        {
            "apiVersion": SEALEDSECRETS.api_version,
            "kind": SEALEDSECRETS.kind,
            "metadata": {"name": NAME},
            "spec": {"encryptedData": sealed},
        },
    )
    return sealed


def unsealed(plane: ControlPlane, namespace: str) -> dict[str, bytes]:
    """Return the values of the Secret that the controller writes."""

    def look() -> dict[str, Any]:
        answer = plane.api.call("GET", SECRETS.path(namespace=namespace, name=NAME))
        found: dict[str, Any] = answer.json()["data"] if answer.status == HTTPStatus.OK else {}
        return found

    return {item: b64decode(value or "") for item, value in eventually(look).items()}


def test_it_takes_over_our_key_and_what_we_sealed(
    plane: ControlPlane, namespace: str, start: Callable[[], None]
) -> None:
    pair = make_key(SystemClock().now(), bits=2048)
    secret = new_key_secret(pair, namespace=namespace)
    secret["data"] = {
        item: b64encode(value.reveal()).decode() for item, value in secret["data"].items()
    }
    plane.api.must("POST", SECRETS.path(namespace=namespace), secret)
    put(plane, namespace, pair.certificate)
    start()
    assert unsealed(plane, namespace) == VALUES
    assert len(key_secrets(plane, namespace)) == 1, "it makes no key beside ours"


def test_we_take_over_its_key(
    plane: ControlPlane, namespace: str, start: Callable[[], None]
) -> None:
    start()
    (secret,) = eventually(lambda: key_secrets(plane, namespace))
    texts = {item: b64decode(text) for item, text in secret["data"].items()}
    sealed = put(plane, namespace, texts["tls.crt"])
    assert unsealed(plane, namespace) == VALUES
    keys = Keyset([load_key(SecretValue(texts["tls.key"]))])
    label = Scope.STRICT.label(namespace, NAME)
    assert {item: keys.open(text, label).value.reveal() for item, text in sealed.items()} == VALUES
