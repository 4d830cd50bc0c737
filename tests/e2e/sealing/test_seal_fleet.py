# SPDX-License-Identifier: Apache-2.0
"""One plaintext for several real clusters: each gets what its own keys open, and only they."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.harness import Program
from tests.e2e.sealing.partner import documents, manifest, yaml

from keyfleet.base import codec
from keyfleet.base.sealing import KeyPair, Keyset, load_certificate, load_key
from keyfleet.cli.sealing.opening import opened
from keyfleet.kube.requests import encode_body
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair, key_secret

VALUE = canary("for-several").decode()
PLAIN = manifest(stringData={"password": VALUE}, type="Opaque")
CLUSTERS = ("hub", "east", "west")


@pytest.fixture
def keys(fleet: LocalFleet, namespace: str) -> dict[str, KeyPair]:
    """A key pair in each cluster, in the test's own namespace."""
    found = {name: key_pair(name) for name in CLUSTERS}
    for name, pair in found.items():
        put_key(fleet, name, namespace, pair)
    return found


def put_key(
    fleet: LocalFleet, cluster: str, namespace: str, pair: KeyPair, name: str = "key-one"
) -> None:
    body = codec.decode_json(
        encode_body(key_secret(pair, name, namespace=namespace)), subject="a key"
    )
    fleet.planes[cluster].api.must("POST", f"/api/v1/namespaces/{namespace}/secrets", body)


@pytest.fixture
def seal(keyfleet: Program, namespace: str) -> Callable[..., Any]:
    """`keyfleet seal` with the keys of the test's namespace."""

    def run(*words: str, stdin: str = yaml(PLAIN)) -> Any:
        return keyfleet("seal", "--controller-namespace", namespace, *words, stdin=stdin)

    return run


def values(document: dict[str, Any], pair: KeyPair) -> dict[str, bytes]:
    found = opened(document, Keyset([load_key(pair.key)]))
    return {key: value.reveal() for key, value in found.items()}


def test_one_stream_with_a_document_for_each_cluster(
    seal: Callable[..., Any], keys: dict[str, KeyPair]
) -> None:
    said = seal("--clusters", "east,west", "-o", "yaml")
    assert said.code == 0
    found = documents(said.out)
    names = [each["metadata"]["annotations"]["keyfleet.io/sealed-for"] for each in found]
    assert names == ["east", "west"]
    for name, document in zip(names, found, strict=True):
        assert values(document, keys[name]) == {"password": VALUE.encode()}
        with pytest.raises(Exception, match="cannot be opened"):
            values(document, keys["hub"])


def test_the_context_is_sealed_for_where_no_cluster_is_named_and_it_has_no_controller(
    seal: Callable[..., Any], keys: dict[str, KeyPair]
) -> None:
    assert values(documents(seal().out)[0], keys["hub"]) == {"password": VALUE.encode()}
    fetched = seal("--fetch-cert", "--context", "west").out
    assert fetched.encode() == keys["west"].certificate


def test_a_tree_is_written_again_only_where_values_changed(
    seal: Callable[..., Any], keys: dict[str, KeyPair], tmp_path: Path
) -> None:
    root = tmp_path / "repo"
    words = ("--clusters", "east,west", "--into", str(root))
    assert seal(*words).code == 0
    folder = root / "clusters" / "east" / "shop"
    first = {path: path.read_bytes() for path in root.rglob("*.yml")}
    assert sorted(path.name for path in folder.iterdir()) == ["db.yml", "kustomization.yml"]
    again = seal(*words)
    assert again.code == 0
    assert "unchanged" in again.err
    assert {path: path.read_bytes() for path in root.rglob("*.yml")} == first
    changed = {**PLAIN, "stringData": {"password": f"{VALUE}-2"}}
    assert seal(*words, stdin=yaml(changed)).code == 0
    document = documents((folder / "db.yml").read_bytes())[0]
    assert values(document, keys["east"]) == {"password": f"{VALUE}-2".encode()}
    listed = documents((folder / "kustomization.yml").read_bytes())[0]
    assert listed["resources"] == ["db.yml"]


def test_a_cluster_without_keys_is_named_and_the_others_are_written(
    seal: Callable[..., Any], fleet: LocalFleet, namespace: str, tmp_path: Path
) -> None:
    put_key(fleet, "east", namespace, key_pair("east"))
    ended = key_pair("ended", days=1)
    put_key(fleet, "hub", namespace, ended)
    said = seal("--clusters", "*", "--into", str(tmp_path / "repo"))
    assert said.code == 3
    assert "west: Error: the cluster has no sealing key" in said.err
    assert "hub: Error: the certificate has expired: hub, on 2026-11-02" in said.err
    found = [path.relative_to(tmp_path) for path in (tmp_path / "repo").rglob("db.yml")]
    assert found == [Path("repo/clusters/east/shop/db.yml")]


def test_certificates_of_the_fleet_go_into_a_folder_that_can_be_checked(
    keyfleet: Program, fleet: LocalFleet, namespace: str, keys: dict[str, KeyPair], tmp_path: Path
) -> None:
    words = ("cert", "--controller-namespace", namespace, "--into", "certs")
    said = keyfleet(*words)
    assert (said.code, said.out) == (0, "")
    fingerprint = load_certificate(keys["east"].certificate).fingerprint
    assert f"east: {fingerprint}, expires on 2036-10-29" in said.err
    for name, pair in keys.items():
        assert (tmp_path / "certs" / f"{name}.pem").read_bytes() == pair.certificate
    assert keyfleet(*words, "--check").code == 0
    renewed = key_pair("renewed", key_made_later())
    put_key(fleet, "east", namespace, renewed, "key-two")
    (tmp_path / "certs" / "gone.pem").write_bytes(renewed.certificate)
    checked = keyfleet(*words, "--check")
    assert checked.code == 1
    assert "east: certs/east.pem is of the key" in checked.err
    assert "gone: the fleet has no cluster of this name" in checked.err
    one = keyfleet("cert", "--controller-namespace", namespace, "-c", "east")
    assert one.out.encode() == renewed.certificate


def key_made_later() -> Any:
    return load_certificate(key_pair("east").certificate).not_before.replace(day=2)


def test_unseal_reads_a_clusters_keys_with_the_operators_rights(
    keyfleet: Program, seal: Callable[..., Any], namespace: str, keys: dict[str, KeyPair],
    tmp_path: Path,
) -> None:  # fmt: skip
    assert keys
    sealed = seal("-c", "west").out
    words = ("unseal", "--controller-namespace", namespace, "-w", "plain.json")
    assert keyfleet(*words, "-c", "west", stdin=sealed).code == 0
    found = documents((tmp_path / "plain.json").read_bytes())[0]
    assert base64.b64decode(found["data"]["password"]) == VALUE.encode()
    assert (tmp_path / "plain.json").stat().st_mode & 0o77 == 0
    assert keyfleet(*words, "-c", "east", stdin=sealed).code == 4
