# SPDX-License-Identifier: Apache-2.0
"""Secrets in a repository that two clusters follow, each with keys and a controller of its own."""

import shutil

from tests.e2e.gitops.cluster import Cluster
from tests.e2e.gitops.conftest import NAMES, PRODUCTION, STAGING
from tests.e2e.gitops.person import Person
from tests.e2e.gitops.repository import KUSTOMIZATION
from tests.e2e.harness import eventually

Clusters = tuple[Cluster, Cluster]


def test_one_plaintext_reaches_both_clusters_through_git(
    person: Person, clusters: Clusters
) -> None:
    """Sealed for each, committed, applied with the module, opened; then changed."""
    person.seals("grafana", {"api-key": "old"})
    changed = person.pushes("Let monitoring log in")
    places = [f"clusters/{name}/{person.module}" for name in sorted(NAMES)]
    assert changed == [
        f"{at}/{file}" for at in places for file in ("grafana.yml", "kustomization.yml")
    ]
    files = [person.file(name, "grafana").read_text() for name in NAMES]
    assert files[0] != files[1]
    kustomization = (person.file(STAGING, "grafana").parent / "kustomization.yml").read_text()
    assert kustomization == f"{KUSTOMIZATION}- grafana.yml\n"
    for cluster in clusters:
        cluster.sync(person.repository, person.module)
        cluster.has(person.module, "grafana", {"api-key": "old"})
        assert not cluster.says("True", person.module, "grafana")
    # A value that changes is a commit like any other.
    person.seals("grafana", {"api-key": "new"})
    assert person.pushes("Change it") == [f"{at}/grafana.yml" for at in places]
    for cluster in clusters:
        cluster.sync(person.repository, person.module)
        cluster.has(person.module, "grafana", {"api-key": "new"})


def test_a_file_of_the_other_cluster_is_refused_and_others_go_on(
    person: Person, clusters: Clusters
) -> None:
    """It is told by item, in the condition and as an event; nothing is made of it."""
    _, production = clusters
    person.seals("mine", {"password": "mine"})
    person.seals("theirs", {"password": "theirs"})
    shutil.copy(person.file(STAGING, "theirs"), person.file(PRODUCTION, "theirs"))
    person.pushes("Copy what is not for production")
    production.sync(person.repository, person.module)
    said = production.says("False", person.module, "theirs")
    assert "no key could decrypt secret (password)" in said

    def warned() -> set[str]:
        told = production.events(person.module, "theirs")
        return {reason for type_, reason, _ in told if type_ == "Warning"}

    eventually(lambda: warned() == {"ErrUnsealFailed"}, what="no event tells it")
    assert production.values(person.module, "theirs") is None
    production.has(person.module, "mine", {"password": "mine"})
    production.says("True", person.module, "mine")
    # Sealed for it after all, it is opened without anybody's help.
    person.seals("theirs", {"password": "theirs"})
    person.pushes("Seal it for production")
    production.sync(person.repository, person.module)
    production.has(person.module, "theirs", {"password": "theirs"})


def test_a_file_that_is_removed_takes_its_secret_along(person: Person, clusters: Clusters) -> None:
    """Kubernetes collects it by its owner; nothing here does that, so Keyfleet deletes it."""
    staging, _ = clusters
    for name in ("kept", "gone"):
        person.seals(name, {"password": name})
    person.pushes("Two secrets")
    staging.sync(person.repository, person.module)
    for name in ("kept", "gone"):
        staging.has(person.module, name, {"password": name})
    sealed = staging.sealed(person.module, "gone")["metadata"]
    (owner,) = staging.secret(person.module, "gone")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("SealedSecret", sealed["uid"])
    assert owner["controller"] is True
    person.removes("gone", STAGING)
    person.pushes("One is not needed any more")
    staging.sync(person.repository, person.module, prune=True)
    eventually(lambda: staging.values(person.module, "gone") is None)
    staging.has(person.module, "kept", {"password": "kept"})
    staging.says("True", person.module, "kept")


def test_files_are_sealed_anew_for_a_new_key_in_ciphertext_only(
    person: Person, clusters: Clusters
) -> None:
    """Comments and order stay, nothing is left over, and the Secret does not even change."""
    staging, production = clusters
    person.seals("mine", {"password": "mine", "user": "me"})
    file = person.file(STAGING, "mine")
    file.write_text(f"# Ask Ann before changing this.\n{file.read_text()}")
    person.pushes("A secret")
    staging.sync(person.repository, person.module)
    staging.has(person.module, "mine", {"password": "mine", "user": "me"})
    before = staging.secret(person.module, "mine")["metadata"]["resourceVersion"]
    staging.renews()
    folder = str(person.repository.clone / "clusters")
    done = person.program("reseal", folder, "-o", "json")
    assert done.code == 0, done.err
    assert person.repository.git("status", "--porcelain").split() == [
        "M",
        str(file.relative_to(person.repository.clone)),
    ]
    diff = person.repository.git("diff", "--unified=0").splitlines()
    lines = [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert len(lines) == 4
    assert {line.split(":")[0].strip("+- ") for line in lines} == {"password", "user"}
    person.pushes("Seal for the new key")
    assert person.repository.git("status", "--porcelain") == ""
    staging.sync(person.repository, person.module)
    staging.says("True", person.module, "mine")
    assert staging.secret(person.module, "mine")["metadata"]["resourceVersion"] == before
    assert person.program("reseal", folder, "--dry-run").code == 0
    assert production.values(person.module, "mine") is None
