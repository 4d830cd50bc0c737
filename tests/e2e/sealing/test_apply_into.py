# SPDX-License-Identifier: Apache-2.0
"""`keyfleet apply --into`: FleetSecrets become sealed files of a Git tree, not Secrets."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.e2e.harness import Objects, Program

from keyfleet.base import codec
from keyfleet.base.sealing import Keyset, load_key
from keyfleet.cli.sealing.opening import opened
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair

VALUE = canary("into-git").decode()
MEMBERS = ("east", "west")


@pytest.fixture
def laptop(keyfleet: Program) -> Program:
    """The program with east as hub, where nothing was ever installed."""
    keyfleet.environ["KEYFLEET_CONTEXT"] = "east"
    return keyfleet


def cluster(name: str) -> dict[str, Any]:
    pem = key_pair(name).certificate.decode()
    return {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetCluster",
        "metadata": {"name": name},
        "spec": {"context": name, "sealing": {"certificate": pem}},
    }


@pytest.fixture
def file(laptop: Program, objects: Objects) -> str:
    """A FleetSecret for two clusters, whose certificates are declared."""
    objects.secret("east", "src", {"password": "into-git"})
    wanted = objects.manifest("db", "src", *MEMBERS, template={"metadata": {"labels": {"a": "b"}}})
    path = laptop.folder / "manifests.yaml"
    path.write_bytes(b"\n---\n".join(map(msgspec.json.encode, [*map(cluster, MEMBERS), wanted])))
    return str(path)


def values(path: Path, name: str) -> dict[str, str]:
    (document,) = codec.decode_yaml(path.read_bytes(), subject=str(path))
    found = opened(document.content, Keyset([load_key(key_pair(name).key)]))
    return {key: value.reveal().decode() for key, value in found.items()}


def test_each_cluster_gets_a_file_that_only_it_opens(
    laptop: Program, objects: Objects, file: str
) -> None:
    tree = laptop.folder / "tree"
    done = laptop("apply", "-f", file, "--into", str(tree))
    assert done.code == 0, done.err
    for name in MEMBERS:
        folder = tree / "clusters" / name / objects.namespace
        assert values(folder / "db.yml", name) == {"password": VALUE}
        assert "db.yml" in (folder / "kustomization.yml").read_text()
        assert objects.read(name, "db") is None
    written = b"".join(each.read_bytes() for each in tree.rglob("*") if each.is_file())
    assert VALUE.encode() not in written
    assert VALUE not in done.out + done.err


def test_what_exists_is_kept_or_replaced_only_when_asked(
    laptop: Program, objects: Objects, file: str
) -> None:
    tree = laptop.folder / "tree"
    path = tree / "clusters" / "west" / objects.namespace / "db.yml"
    assert laptop("apply", "-f", file, "--into", str(tree)).code == 0
    before = path.read_bytes()
    # Nobody here may read the keys, so whether it is the same is not known.
    assert laptop("apply", "-f", file, "--into", str(tree)).code == 6
    assert laptop("apply", "-f", file, "--into", str(tree), "--keep").code == 0
    assert path.read_bytes() == before
    assert laptop("apply", "-f", file, "--into", str(tree), "--force").code == 0
    assert path.read_bytes() != before


def test_what_may_not_be_delivered_is_not_written(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "into-git"})
    wanted = objects.manifest("db", "src", "west", paused=True)
    path = laptop.folder / "manifests.yaml"
    path.write_bytes(b"\n---\n".join(map(msgspec.json.encode, [cluster("west"), wanted])))
    tree = laptop.folder / "tree"
    found = laptop("apply", "-f", str(path), "--into", str(tree))
    assert "IntentPaused" in found.err
    assert not tree.exists()


def test_flags_that_do_not_go_together_are_refused(laptop: Program, file: str) -> None:
    assert laptop("apply", "-f", file, "--force").code == 2
    assert laptop("apply", "-f", file, "--into", "tree", "--prune").code == 2
