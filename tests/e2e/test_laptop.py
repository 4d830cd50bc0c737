# SPDX-License-Identifier: Apache-2.0
"""`plan`, `apply` and `diff` from files: nothing is installed in any cluster (the hub is east)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.e2e.harness import Objects, Program

from keyfleet.testing.canary import canary


@pytest.fixture
def laptop(keyfleet: Program) -> Program:
    """The program with east as hub, where nothing was ever installed."""
    keyfleet.environ["KEYFLEET_CONTEXT"] = "east"
    return keyfleet


def _file(laptop: Program, *documents: dict[str, Any]) -> str:
    path = laptop.folder / "manifests.yaml"
    path.write_bytes(b"\n---\n".join(map(msgspec.json.encode, documents)))
    return str(path)


def test_plan_apply_diff(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one", "user": "me"})
    file = _file(laptop, objects.manifest("db", "src", "west", data=[{"from": "password"}]))
    planned = laptop("plan", "-f", file)
    assert planned.code == 1
    assert f"{objects.namespace}/db → west/{objects.namespace}/db: create" in planned.out
    assert objects.read("west", "db") is None
    applied = laptop("apply", "-f", file)
    assert (applied.code, applied.err) == (0, "")
    assert objects.read("west", "db") == {"password": "one"}
    assert laptop("diff", "-f", file).code == 0


def test_an_edit_is_shown_as_a_difference_and_repaired(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    file = _file(laptop, objects.manifest("db", "src", "west"))
    assert laptop("apply", "-f", file).code == 0
    path = f"{objects.path('secrets')}/db"
    west = objects.fleet.planes["west"].api
    secret = west.must("GET", path)
    west.must("PUT", path, {**secret, "data": {"password": "eA==", "extra": "eA=="}})
    found = laptop("diff", "-f", file, "-o", "json")
    assert found.code == 1
    (step,) = found.json()["steps"]
    assert {c["name"]: c["sign"] for c in step["changes"]} == {"password": "~", "extra": "-"}
    assert laptop("apply", "-f", file).code == 0
    assert objects.read("west", "db") == {"password": "one"}


def test_templates_are_rendered_and_a_wrong_line_is_shown(
    laptop: Program, objects: Objects
) -> None:
    value = canary("password").decode()
    objects.secret("east", "src", {"password": value})
    text = "{{ .password }}@{{ .Cluster.name }}/{{ .Namespace.name }}"
    file = _file(laptop, objects.manifest("db", "src", "west", template={"data": {"url": text}}))
    assert laptop("apply", "-f", file).code == 0
    assert objects.read("west", "db") == {"url": f"{value}@west/{objects.namespace}"}
    assert laptop("diff", "-f", file).code == 0
    wrong = {"data": {"url": "first\n{{ .password }} {{ .pasword }}"}}
    file = _file(laptop, objects.manifest("db", "src", "west", template=wrong))
    for command in (("plan",), ("apply",), ("apply", "--dry-run")):
        found = laptop(*command, "-f", file)
        assert found.code == 3
        assert 'map has no entry for key "pasword"' in found.err
        assert "  2 | {{ .password }} {{ .pasword }}\n    |                    ^\n" in found.err
        assert value not in found.out + found.err
    assert objects.read("west", "db") == {"url": f"{value}@west/{objects.namespace}"}
    broken = {"data": {"url": "{{ .password"}}
    file = _file(laptop, objects.manifest("db", "src", "west", template=broken))
    found = laptop("plan", "-f", file)
    assert (found.code, found.out) == (2, "")
    assert "spec.template.data.url" in found.err
    assert "  1 | {{ .password\n" in found.err


def test_dry_run_writes_nothing(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    file = _file(laptop, objects.manifest("db", "src", "west"))
    assert laptop("apply", "--dry-run", "-f", file).code == 1
    assert objects.read("west", "db") is None


def test_prune_removes_what_the_file_no_longer_wants(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    assert (
        laptop("apply", "-f", _file(laptop, objects.manifest("db", "src", "west", "hub"))).code == 0
    )
    fewer = _file(laptop, objects.manifest("db", "src", "west"))
    assert laptop("apply", "-f", fewer).code == 0
    assert objects.read("hub", "db") is not None
    assert laptop("apply", "-f", fewer, "--prune").code == 0
    assert objects.read("hub", "db") is None
    assert objects.read("west", "db") == {"password": "one"}


def test_files_are_read_from_standard_input_and_folders(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    document = msgspec.json.encode(objects.manifest("db", "src", "west")).decode()
    assert laptop("apply", "-f", "-", stdin=document).code == 0
    folder = laptop.folder / "manifests"
    folder.mkdir()
    (folder / "db.json").write_text(document)
    assert laptop("apply", "-f", str(folder)).out.count("unchanged") == 2


def test_a_fleetcluster_in_a_file_gives_a_cluster_labels(laptop: Program, objects: Objects) -> None:
    cluster = {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetCluster",
        "metadata": {"name": "production-west", "labels": {"env": "production"}},
        "spec": {"context": "west"},
    }
    objects.secret("east", "src", {"password": "one"})
    secret = objects.manifest("db", "src")
    selector = {"selector": {"matchLabels": {"env": "production"}}}
    secret["spec"]["placement"] = {"clusters": selector}
    found = laptop("apply", "-f", _file(laptop, cluster, secret), "-o", "json")
    assert found.code == 0
    assert [target["cluster"] for target in found.json()["targets"]] == ["production-west"]
    assert objects.read("west", "db") == {"password": "one"}


def test_somebody_elses_secret_is_a_conflict(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    objects.secret("west", "db", {"other": "mine"})
    file = _file(laptop, objects.manifest("db", "src", "west"))
    assert laptop("plan", "-f", file).code == 1
    found = laptop("apply", "-f", file)
    assert found.code == 7
    assert "Hint:" in found.err
    assert objects.read("west", "db") == {"other": "mine"}


def test_an_unreachable_cluster_is_3_and_the_others_are_served(
    laptop: Program, objects: Objects, kubeconfig: Path
) -> None:
    dead = laptop.folder / "dead"
    dead.write_text(
        "apiVersion: v1\nkind: Config\nclusters: [{name: dead, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: dead, user: {token: x}}]\n"
        "contexts: [{name: dead, context: {cluster: dead, user: dead}}]\n"
    )
    objects.secret("east", "src", {"password": "one"})
    file = _file(laptop, objects.manifest("db", "src", "west", "dead"))
    flags = ("--kubeconfig", str(kubeconfig), "--kubeconfig", str(dead))
    found = laptop("apply", "-f", file, *flags)
    assert found.code == 3
    assert "Unreachable" in found.out
    assert objects.read("west", "db") == {"password": "one"}


def test_only_chosen_clusters_are_served(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    file = _file(laptop, objects.manifest("db", "src", "west", "hub"))
    assert laptop("-c", "w*", "apply", "-f", file).code == 0
    assert objects.read("west", "db") is not None
    assert objects.read("hub", "db") is None
    assert laptop("apply", "-f", file, "-c", "nowhere").code == 2


def test_a_missing_namespace_is_said(laptop: Program, objects: Objects) -> None:
    objects.secret("east", "src", {"password": "one"})
    manifest = objects.manifest("db", "src", "west")
    manifest["spec"]["placement"]["namespaces"] = {"names": ["not-there"]}
    found = laptop("apply", "-f", _file(laptop, manifest))
    assert found.code == 3
    assert "NamespaceMissing" in found.out
