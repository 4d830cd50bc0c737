# SPDX-License-Identifier: Apache-2.0
"""The real `kubeseal` seals for us, and opens what we seal; so does upstream's controller."""

import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.compat.sealedsecrets.conftest import NOW, Party

from keyfleet.base import codec
from keyfleet.base.sealing import Scope, load_certificate, make_key, scope_of
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle
from keyfleet.testing.canary import canary

NAMESPACE, NAME = "shop", "db"
DATA = {
    "password": canary("password"),
    "empty": b"",
    "tls.key": canary("tls") + bytes(range(256)) + b"\n",
}
Kubeseal = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def run(kubeseal: Path, tmp_path_factory: pytest.TempPathFactory) -> Kubeseal:
    """Run the real program without any cluster."""
    home = tmp_path_factory.mktemp("home")

    def run(*arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [kubeseal, *arguments],
            input=given,
            capture_output=True,
            env={"HOME": str(home), "KUBECONFIG": str(home / "none")},
            timeout=20,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def certificate(party: Party, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("certificate") / "cert.pem"
    path.write_text(party.certificate_pem)
    return str(path)


@pytest.fixture(scope="module")
def key(party: Party, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("key") / "key.pem"
    path.write_text(party.key_pem)
    return str(path)


def secret(annotations: Mapping[str, str]) -> bytes:
    metadata = {"namespace": NAMESPACE, "name": NAME, "annotations": dict(annotations)}
    data = {item: b64encode(value).decode() for item, value in DATA.items()}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
    ).encode()


def sealed_by_us(party: Party, scope: Scope, name: str = NAME) -> dict[str, Any]:
    label = scope.label(NAMESPACE, NAME)
    seal = party.certificate.seal
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"namespace": NAMESPACE, "name": name, "annotations": scope.annotations()},
        "spec": {
            "encryptedData": {k: seal(SecretValue(value), label) for k, value in DATA.items()}
        },
    }


def data_of(manifest: bytes | str) -> dict[str, bytes]:
    found = codec.decode_json(manifest, subject="secret")["data"]
    # Upstream writes `null` for an empty value, which the API server takes for one.
    return {item: b64decode(value or "") for item, value in found.items()}


def test_it_is_the_version_that_we_are_compatible_with(run: Kubeseal) -> None:
    assert run("--version").stdout == b"kubeseal version: v0.38.4\n"


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("is_told_by", ["flag", "annotation"])
def test_we_open_what_it_seals(
    run: Kubeseal, party: Party, certificate: str, scope: Scope, is_told_by: str
) -> None:
    flags = ["--scope", str(scope)] if is_told_by == "flag" else []
    annotations = scope.annotations() if is_told_by == "annotation" else {}
    done = run("--cert", certificate, *flags, given=secret(annotations))
    manifest = codec.decode_json(done.stdout, subject="sealed")
    said = scope_of(manifest["metadata"].get("annotations") or {})
    assert said is scope
    keys = party.keyset
    label = said.label(NAMESPACE, NAME)
    opened = {
        item: keys.open(text, label).value.reveal()
        for item, text in manifest["spec"]["encryptedData"].items()
    }
    assert opened == DATA


@pytest.mark.parametrize("scope", Scope)
def test_we_open_what_it_seals_raw(
    run: Kubeseal, party: Party, certificate: str, scope: Scope
) -> None:
    flags = ["--raw", "--scope", str(scope), "--namespace", NAMESPACE, "--name", NAME]
    for value in DATA.values():
        done = run("--cert", certificate, *flags, given=value)
        opened = party.keyset.open(done.stdout.decode(), scope.label(NAMESPACE, NAME))
        assert opened.value == SecretValue(value)


@pytest.mark.parametrize("scope", Scope)
def test_it_recovers_what_we_seal(run: Kubeseal, party: Party, key: str, scope: Scope) -> None:
    given = json.dumps(sealed_by_us(party, scope)).encode()
    done = run("--recovery-unseal", "--recovery-private-key", key, given=given)
    assert data_of(done.stdout) == DATA


def test_it_recovers_with_a_secret_that_holds_our_key(
    run: Kubeseal, party: Party, tmp_path: Path
) -> None:
    path = tmp_path / "secret.json"
    data = {"tls.key": party.key_pem, "tls.crt": party.certificate_pem}
    encoded = {item: b64encode(text.encode()).decode() for item, text in data.items()}
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Secret", "data": encoded}))
    given = json.dumps(sealed_by_us(party, Scope.STRICT)).encode()
    done = run("--recovery-unseal", "--recovery-private-key", str(path), given=given)
    assert data_of(done.stdout) == DATA


def test_it_refuses_our_value_under_another_name(run: Kubeseal, party: Party, key: str) -> None:
    given = json.dumps(sealed_by_us(party, Scope.STRICT, name="other")).encode()
    done = run("--recovery-unseal", "--recovery-private-key", key, given=given)
    assert done.returncode == 1
    assert b"no key could decrypt secret (" in done.stderr


def test_it_refuses_a_certificate_of_ours_that_is_expired(run: Kubeseal, tmp_path: Path) -> None:
    pair = make_key(NOW - timedelta(days=3), bits=2048, validity=timedelta(days=1))
    path = tmp_path / "cert.pem"
    path.write_bytes(pair.certificate)
    done = run("--cert", str(path), given=secret({}))
    assert b"failed to encrypt using an expired certificate" in done.stderr
    assert load_certificate(pair.certificate).is_expired(NOW)


@pytest.mark.parametrize("scope", Scope)
def test_upstreams_controller_unseals_ours(
    oracle: SealedSecretsOracle, party: Party, scope: Scope
) -> None:
    manifest = sealed_by_us(party, scope)
    sealed = manifest["spec"]["encryptedData"]
    sealed["renamed"] = sealed.pop("password")
    text = json.dumps(manifest).encode()
    answer = oracle.ask("unseal", keys=[party.key_pem], text=text)
    wanted = {item: value for item, value in DATA.items() if item != "password"}
    assert data_of(answer["text"]) == wanted | {"renamed": DATA["password"]}
