"""`keyfleet reseal` on trees, with the installed program and keys in files."""

import os
import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.harness import Program, isolated
from tests.e2e.sealing.tree import Tree, opened_by, sealed

from keyfleet.base.sealing import KeyPair, Scope, load_certificate
from keyfleet.testing.canary import find_canary
from keyfleet.testing.sealing import MADE, key_pair

OLD = key_pair("old")
NEW = key_pair("new", MADE + timedelta(days=10))
OTHER = key_pair("other")


@pytest.fixture
def user(tmp_path: Path) -> Program:
    """Somebody who has no cluster at all."""
    return Program(isolated(tmp_path, KUBECONFIG=str(tmp_path / "none")), tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "repo").mkdir()
    return Tree(tmp_path / "repo")


@pytest.fixture
def certs(tmp_path: Path) -> str:
    folder = tmp_path / "certs"
    folder.mkdir()
    for name in ("east", "west"):
        (folder / f"{name}.pem").write_bytes(NEW.certificate)
    return str(folder)


def fingerprint(pair: KeyPair) -> str:
    return load_certificate(pair.certificate).fingerprint


def test_a_tree_moves_to_the_new_key_and_a_second_run_changes_nothing(
    user: Program, tree: Tree, certs: str
) -> None:
    path = tree.write("clusters/east/shop/db.yaml", sealed(OLD, "password", "user"))
    wide = sealed(OLD, name="any", scope=Scope.CLUSTER_WIDE)
    tree.write("clusters/east/any.yaml", wide)
    path.chmod(0o640)
    before = tree.contents()
    words = ("reseal", "repo", "--cert-dir", certs, "--recovery-private-key")
    keys = tree.key("keys", OLD, NEW)

    seen = user(*words, keys, "--dry-run", "-o", "json")
    assert seen.code == 1
    assert {each["result"] for each in seen.json()["items"]} == {"Resealed"}
    assert tree.contents() == before

    done = user(*words, keys)
    assert done.code == 0, done.err
    assert "3 values resealed in 2 files" in done.out
    assert opened_by(path, OLD, NEW) == {"db/password": 1, "db/user": 1}
    after = tree.contents()
    assert after.keys() == before.keys()
    assert {name: _hollow(raw) for name, raw in after.items()} == {
        name: _hollow(raw) for name, raw in before.items()
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o640

    again = user(*words, keys)
    assert again.code == 0
    assert "0 values resealed in 0 files, 3 current" in again.out
    assert tree.contents() == after
    _nothing_in_clear(user.folder)


def test_only_what_a_stolen_key_sealed(user: Program, tree: Tree, certs: str) -> None:
    one = tree.write("clusters/east/one.yaml", sealed(OLD))
    two = tree.write("clusters/east/two.yaml", sealed(OTHER))
    keys = tree.key("keys", OLD, OTHER, NEW)
    words = ("reseal", "repo", "--cert-dir", certs, "--recovery-private-key", keys, "--from-key")
    unknown = user(*words, "SHA256:AAAAAAAAAAA")
    assert unknown.code == 2
    assert "Docs: keys.unknown" in unknown.err
    newest = user(*words, fingerprint(NEW))
    assert newest.code == 3
    assert "still the one that seals" in newest.err
    done = user(*words, fingerprint(OLD)[:19])
    assert done.code == 0, done.err
    assert "1 value resealed in 1 file, 1 of other keys" in done.out
    assert opened_by(one, OLD, OTHER, NEW) == {"db/password": 2}
    assert opened_by(two, OLD, OTHER, NEW) == {"db/password": 1}


def test_what_is_wrong_is_named_and_the_others_go_on(user: Program, tree: Tree, certs: str) -> None:
    good = tree.write("clusters/east/good.yaml", sealed(OLD))
    mixed = sealed(OLD, "good", "bad", "short")
    mixed = re.sub(r"( bad: \S{40})\S", r"\1!", mixed)
    mixed = re.sub(r"( short: \S{40})\S+", r"\1", mixed)
    part = tree.write("clusters/east/part.yaml", mixed)
    tree.write("clusters/east/foreign.yaml", sealed(OTHER))
    tree.write("clusters/east/renamed.yaml", sealed(OLD).replace("  db", "  bd"))
    tree.write("clusters/east/broken.yaml", "a: [\n")
    tree.write("clusters/north/db.yaml", sealed(OLD))
    tree.write("nowhere/db.yaml", sealed(OLD))
    done = user(
        *("reseal", "repo", "--cert-dir", certs, "-o", "json"),
        *("--recovery-private-key", f"east={tree.key('keys', OLD, NEW)}"),
    )
    assert done.code == 3
    assert opened_by(good, OLD, NEW) == {"db/password": 1}
    assert opened_by(part, OLD, NEW) == {"db/good": 1}
    told = {
        (str(Path(each["file"]).relative_to("repo")), each["item"]): each["code"]
        for each in done.json()["items"]
        if each["result"] == "Failed"
    }
    assert told == {
        ("clusters/east/part.yaml", "bad"): "sealing.base64",
        ("clusters/east/part.yaml", "short"): "sealing.no_key",
        ("clusters/east/foreign.yaml", "password"): "sealing.no_key",
        ("clusters/east/renamed.yaml", "password"): "sealing.no_key",
        ("clusters/north/db.yaml", "password"): "cli.unknown_cluster",
        ("nowhere/db.yaml", "password"): "reseal.whose",
    }
    assert [each["code"] for each in done.json()["failures"]] == ["input.yaml"]
    _nothing_in_clear(user.folder)


def test_a_key_without_a_cluster_does_not_open_several(
    user: Program, tree: Tree, certs: str
) -> None:
    """Else a value copied to where somebody may read it would be sealed for that place."""
    tree.write("clusters/east/db.yaml", sealed(OLD))
    stolen = tree.write("clusters/west/db.yaml", sealed(OLD))
    before = tree.contents()
    words = ("reseal", "repo", "--cert-dir", certs, "--recovery-private-key")
    refused = user(*words, tree.key("keys", OLD, NEW))
    assert refused.code == 2
    assert "Docs: keys.whose" in refused.err
    assert tree.contents() == before
    west = tree.key("west", OTHER, NEW)
    done = user(*words, f"east={tree.key('keys', OLD, NEW)}", *words[-1:], f"west={west}")
    assert done.code == 3
    assert "no key could decrypt" in done.err
    assert stolen.read_bytes() == before["clusters/west/db.yaml"]


def test_scopes_are_not_widened(user: Program, tree: Tree, certs: str) -> None:
    """A scope that somebody wrote into an annotation does not fit the value: it is left alone."""
    said = Scope.CLUSTER_WIDE.annotations()
    lied = tree.write("clusters/east/db.yaml", sealed(OLD, annotations=said))
    template = sealed(OLD, name="t").replace(
        'labels: {app: "shop"}', 'annotations: {sealedsecrets.bitnami.com/cluster-wide: "true"}'
    )
    in_template = tree.write("clusters/east/t.yaml", template)
    before = lied.read_bytes()
    keys = tree.key("keys", OLD, NEW)
    done = user("reseal", "repo", "--cert-dir", certs, "--recovery-private-key", keys)
    assert done.code == 3
    assert lied.read_bytes() == before
    assert opened_by(in_template, OLD, NEW) == {"t/password": 1}, "under its strict label"


def test_links_out_of_the_tree_are_left_alone(user: Program, tree: Tree, certs: str) -> None:
    outside = tree.root.parent / "outside"
    outside.mkdir()
    (outside / "db.yaml").write_text(sealed(OLD))
    before = (outside / "db.yaml").read_bytes()
    (tree.root / "clusters").mkdir()
    (tree.root / "clusters/east").symlink_to(outside)
    tree.write("clusters/west/db.yaml", sealed(OLD))
    (tree.root / "clusters/west/link.yaml").symlink_to(outside / "db.yaml")
    os.mkfifo(tree.root / "clusters/west/pipe.yaml")
    keys = tree.key("keys", OLD, NEW)
    done = user("reseal", "repo", "--cert-dir", certs, "--recovery-private-key", keys)
    assert done.code == 0, done.err
    assert "1 value resealed in 1 file" in done.out
    assert (outside / "db.yaml").read_bytes() == before


def test_an_expired_certificate_is_refused(user: Program, tree: Tree) -> None:
    gone = key_pair("gone", MADE, 1)
    path = tree.write("db.yaml", sealed(OLD))
    cert = tree.root.parent / "gone.pem"
    cert.write_bytes(gone.certificate)
    before = path.read_bytes()
    keys = tree.key("keys", OLD, gone)
    words = ("reseal", "repo", "-c", "east", "--cert", str(cert), "--recovery-private-key", keys)
    done = user(*words)
    assert done.code == 3
    assert "expired" in done.err
    assert path.read_bytes() == before


def test_whole_secrets_of_old_are_sealed_anew_too(user: Program, tree: Tree, certs: str) -> None:
    text = re.sub(r"  encryptedData:\n    password: (\S+).*", r"  data: \1", sealed(OLD))
    path = tree.write("clusters/east/db.yaml", text)
    keys = tree.key("keys", OLD, NEW)
    done = user("reseal", "repo", "--cert-dir", certs, "--recovery-private-key", keys)
    assert done.code == 0, done.err
    assert path.read_text() != text
    assert _hollow(path.read_bytes()) == _hollow(text.encode())


def test_nothing_to_look_at(user: Program, tree: Tree) -> None:
    assert user("reseal").code == 2
    assert user("reseal", str(tree.root / "absent")).code == 2


def _hollow(raw: bytes) -> bytes:
    """Return a file without what is sealed in it."""
    return re.sub(rb"AQ[A-D][A-Za-z0-9+/=]{100,}", b"SEALED", raw)


def _nothing_in_clear(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not find_canary(path.read_bytes()), path


def test_a_shared_key_is_split_into_a_key_for_each_cluster(
    user: Program, tree: Tree, certs: str
) -> None:
    """Seed 000: one key for all; here the values get to a cluster that has its own by now."""
    tree.write("shared/shop/db.yaml", sealed(OLD, "password"))
    before = tree.contents()
    words = ("reseal", "repo/shared", "-c", "all", "--into", "repo", "--cert-dir", certs)
    keys = ("--recovery-private-key", tree.key("keys", OLD))

    seen = user(*words, *keys, "--to-cluster", "east", "--dry-run")
    assert seen.code == 1, seen.err
    assert tree.contents() == before

    for name in ("east", "west"):
        done = user(*words, *keys, "--to-cluster", name)
        assert done.code == 0, done.err
        path = tree.root / "clusters" / name / "shop" / "db.yaml"
        assert opened_by(path, OLD, NEW) == {"db/password": 1}
        listed = (path.parent / "kustomization.yml").read_text()
        assert "  - db.yaml\n" in listed
    assert tree.contents().items() >= before.items()

    again = user(*words, *keys, "--to-cluster", "east")
    assert again.code == 6
    assert "--force" in again.err
    assert user(*words, *keys, "--to-cluster", "east", "--keep").code == 0
    _nothing_in_clear(user.folder)


def test_one_cluster_at_a_time_is_sealed_for_another(user: Program, tree: Tree, certs: str) -> None:
    for name in ("north", "south"):
        tree.write(f"clusters/{name}/shop/db.yaml", sealed(OLD, "password"))
    key = tree.key("keys", OLD)
    keys = [f"--recovery-private-key={name}={key}" for name in ("north", "south")]
    words = ("reseal", "repo", *keys, "--cert-dir", certs, "--to-cluster", "east")
    refused = user(*words)
    assert (refused.code, "of which cluster?" in refused.err) == (2, True)
    done = user(*words, "-c", "north")
    assert done.code == 0, done.err
    assert (tree.root / "clusters/east/shop/db.yaml").exists()
