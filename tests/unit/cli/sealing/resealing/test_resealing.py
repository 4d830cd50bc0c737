"""Values move to another key in memory: what is written is sealed, and whole or not at all."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keyfleet.base.sealing import Keyset, Scope, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.files.tree import TreeFile, cluster_of
from keyfleet.cli.sealing.resealing import resealing
from keyfleet.cli.sealing.resealing.resealing import Fate, FileOutcome, Goal, reseal_file
from keyfleet.testing.canary import canary, find_canary
from keyfleet.testing.sealing import MADE, key_pair

OLD = key_pair("unit-old")
NEW = key_pair("unit-new", MADE + timedelta(days=1))
KEYS = Keyset(load_key(pair.key) for pair in (NEW, OLD))
GOAL = Goal("east", KEYS, load_certificate(NEW.certificate))


def manifest(*names: str) -> str:
    certificate = load_certificate(OLD.certificate)
    label = Scope.STRICT.label("shop", "db")
    items = "".join(
        f"    {name}: {certificate.seal(SecretValue(canary(name)), label)}\n" for name in names
    )
    head = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n"
    return f"{head}metadata: {{name: db, namespace: shop}}\nspec:\n  encryptedData:\n{items}"


@pytest.fixture
def file(tmp_path: Path) -> TreeFile:
    path = tmp_path / "db.yaml"
    path.write_text(manifest("a", "b"))
    return TreeFile(path, tmp_path)


def reseal(file: TreeFile, goal: Goal | None = GOAL, *, dry_run: bool = False) -> FileOutcome:
    return reseal_file(file, lambda _file, _document: goal, "default", dry_run=dry_run)


def test_everything_that_is_written_is_sealed(
    file: TreeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write of this process goes through here while it reseals."""
    written: list[bytes] = []
    opened = os.fdopen

    def watched(handle: int, mode: str = "r", *words: Any, **more: Any) -> Any:
        stream = opened(handle, mode, *words, **more)
        if "w" in mode:
            write = stream.write

            def note(raw: bytes) -> int:
                written.append(raw)
                return int(write(raw))

            monkeypatch.setattr(stream, "write", note)
        return stream

    monkeypatch.setattr("keyfleet.cli.sealing.resealing.resealing.os.fdopen", watched)
    monkeypatch.setattr(Path, "write_bytes", lambda *_: pytest.fail("a write past the watched one"))
    monkeypatch.setattr(Path, "write_text", lambda *_: pytest.fail("a write past the watched one"))
    found = reseal(file)
    assert found.is_written
    assert len(written) == 1
    assert not find_canary(written[0])
    assert file.path.read_bytes() == written[0]
    assert [path.name for path in file.root.iterdir()] == ["db.yaml"]


def test_a_new_value_that_does_not_open_leaves_the_file(
    file: TreeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever went wrong while sealing: what cannot be opened again replaces nothing."""
    before = file.path.read_bytes()
    wrong = load_certificate(NEW.certificate).seal(SecretValue(canary("x")), b"other/label")
    monkeypatch.setattr(
        "keyfleet.base.sealing.SealingCertificate.seal", lambda *_: wrong, raising=True
    )
    found = reseal(file)
    assert found.problem is not None
    assert found.has_failed
    assert not found.is_written
    assert file.path.read_bytes() == before
    assert [path.name for path in file.root.iterdir()] == ["db.yaml"]


def test_another_value_in_its_place_is_noticed(
    file: TreeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = Scope.STRICT.label("shop", "db")
    wrong = load_certificate(NEW.certificate).seal(SecretValue(canary("x")), label)
    monkeypatch.setattr("keyfleet.base.sealing.SealingCertificate.seal", lambda *_: wrong)
    found = reseal(file)
    assert found.problem is not None
    assert found.problem.code == "reseal.doubt"


def test_somebody_elses_change_is_kept(file: TreeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file changed between reading and replacing."""
    verify = resealing.verify

    def change(*words: Any) -> None:
        verify(*words)
        file.path.write_text("theirs: true\n")

    monkeypatch.setattr(resealing, "verify", change)
    found = reseal(file)
    assert found.problem is not None
    assert found.problem.code == "reseal.changed"
    assert file.path.read_text() == "theirs: true\n"


def test_fates(file: TreeFile) -> None:
    dry = reseal(file, dry_run=True)
    assert (dry.count(Fate.RESEALED), dry.is_written) == (2, False)
    other = Goal("east", KEYS, GOAL.certificate, from_key="SHA256:other")
    assert reseal(file, other).count(Fate.KEPT) == 2
    assert reseal(file, None).items == []
    assert reseal(file).count(Fate.RESEALED) == 2
    done = reseal(file)
    assert (done.count(Fate.CURRENT), done.is_written) == (2, False)


def test_without_the_new_private_key_it_seals_unverified(file: TreeFile) -> None:
    goal = Goal("east", Keyset([load_key(OLD.key)]), GOAL.certificate)
    assert not goal.is_verified
    assert reseal(file, goal).is_written
    assert reseal(file).count(Fate.CURRENT) == 2


@pytest.mark.parametrize(
    ("path", "cluster"),
    [
        ("/repo/clusters/east/db.yaml", "east"),
        ("/repo/clusters/east/shop/db.yaml", "east"),
        ("/clusters/x/repo/clusters/west/db.yaml", "west"),
        ("/repo/clusters/db.yaml", ""),
        ("/repo/east/db.yaml", ""),
        ("/repo/clusters/clusters/db.yaml", "clusters"),
    ],
)
def test_the_cluster_of_a_place(path: str, cluster: str) -> None:
    assert cluster_of(Path(path)) == cluster
