"""`keyfleet lint` on trees, with the installed program."""

import base64
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from tests.e2e.harness import Program, isolated
from tests.e2e.sealing.tree import Tree, sealed

from keyfleet.base.sealing import Scope
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import MADE, key_pair

EAST = key_pair("east-lint")
WEST = key_pair("west-lint")
VALUE = canary("in-a-tree").decode()
CODED = base64.b64encode(canary("in-a-tree")).decode()


@pytest.fixture
def user(tmp_path: Path) -> Program:
    """Somebody who has no cluster at all."""
    return Program(isolated(tmp_path, KUBECONFIG=str(tmp_path / "none")), tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "repo").mkdir()
    return Tree(tmp_path / "repo")


def found(user: Program, *words: str, code: int = 1) -> set[tuple[str, int, str]]:
    """Return file, line and rule of what is wrong."""
    done = user("lint", "repo", *words, "-o", "json")
    assert done.code == code, done.err
    return {
        (each["file"].removeprefix("repo/"), each["line"], each["rule"])
        for each in done.json()["findings"]
    }


SECRET = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: db, namespace: shop}}
stringData:
  password: {VALUE}
"""
LISTED = f"""\
kind: ConfigMap
apiVersion: v1
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {{name: a}}
  data:
    user: ""
    password: {CODED}
"""
APPLIED = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: a
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {{"kind":"Secret","data":{{"password":"{CODED}"}}}}
"""
KUSTOMIZATION = f"""\
resources: [db.yaml]
secretGenerator:
- name: gen
  literals:
  - user=
  - password={VALUE}
  envs: [secret.env]
"""


def test_values_in_clear(user: Program, tree: Tree) -> None:
    tree.write("a/secret.yaml", SECRET)
    tree.write("a/list.yml", LISTED)
    tree.write("a/applied.yaml", APPLIED)
    tree.write("b/kustomization.yaml", KUSTOMIZATION)
    tree.write("c/secret.json", f'{{"kind": "Secret",\n "data": {{"a": "{CODED}"}}}}')
    tree.write("c/empty.yaml", "kind: Secret\nmetadata: {name: a}\ndata: {a: ''}\n")
    tree.write("c/sops.yaml", "kind: Secret\ndata: {a: 'ENC[AES256_GCM,data:x]'}\nsops: {}\n")
    tree.write("c/text.yaml", sealed(EAST).replace("type: Opaque", f"stringData: {{a: {VALUE}}}"))
    tree.write("keys/old.pem", EAST.key.reveal())
    tree.write(".git/secret.yaml", SECRET)
    assert found(user) == {
        ("a/secret.yaml", 5, "plaintext-secret"),
        ("a/list.yml", 12, "plaintext-secret"),
        ("a/applied.yaml", 6, "last-applied"),
        ("b/kustomization.yaml", 6, "generator-literal"),
        ("b/kustomization.yaml", 7, "generator-file"),
        ("c/secret.json", 2, "plaintext-secret"),
        ("c/text.yaml", 12, "template-plain"),
        ("keys/old.pem", 1, "private-key"),
    }


def test_sealed_values_that_cannot_open(user: Program, tree: Tree) -> None:
    tree.write("cut.yaml", re.sub(r"(password: \S{40})\S+", r"\1", sealed(EAST)))
    tree.write("garbage.yaml", re.sub(r"password: \S+", "password: not-base64", sealed(EAST)))
    tree.write("number.yaml", re.sub(r"password: \S+", "password: 12", sealed(EAST)))
    tree.write("name.yaml", sealed(EAST).replace("name:   db", "labels: {}"))
    wide = "sealedsecrets.bitnami.com/cluster-wide"
    said = sealed(EAST, annotations={wide: "yes", "sealedsecrets.bitnami.com/strict": "true"})
    tree.write("scope.yaml", said)
    tree.write("both.yaml", sealed(EAST).replace("type: Opaque", "data: {password: '{{ .a }}'}"))
    tree.write("clusters/east/x.yaml", sealed(EAST, annotations={"keyfleet.io/sealed-for": "west"}))
    tree.write("clusters/east/kustomization.yaml", "resources: [y.yaml]\n")
    tree.write("clusters/east/y.yaml", sealed(EAST))
    assert found(user) == {
        ("cut.yaml", 10, "sealed-malformed"),
        ("garbage.yaml", 10, "sealed-malformed"),
        ("number.yaml", 10, "sealed-malformed"),
        ("name.yaml", 4, "sealed-name"),
        ("scope.yaml", 7, "scope-value"),
        ("scope.yaml", 7, "scope-unknown"),
        ("both.yaml", 12, "item-twice"),
        ("clusters/east/x.yaml", 4, "wrong-cluster"),
        ("clusters/east/x.yaml", 2, "not-in-kustomization"),
    }


def test_what_only_keys_tell(user: Program, tree: Tree) -> None:
    tree.write("clusters/east/good.yaml", sealed(EAST))
    tree.write("clusters/east/foreign.yaml", sealed(WEST))
    tree.write("clusters/west/lost.yaml", sealed(key_pair("lost")))
    said = Scope.NAMESPACE_WIDE.annotations()
    tree.write("clusters/west/scope.yaml", sealed(WEST, annotations=said))
    tree.write("clusters/west/name.yaml", sealed(WEST).replace("   db", "   bd"))
    keys = [f"{name}={tree.key(name, pair)}" for name, pair in (("east", EAST), ("west", WEST))]
    words = [word for key in keys for word in ("--recovery-private-key", key)]
    assert found(user, *words) == {
        ("clusters/east/foreign.yaml", 10, "wrong-cluster"),
        ("clusters/west/lost.yaml", 10, "unknown-key"),
        ("clusters/west/scope.yaml", 10, "wrong-scope"),
        ("clusters/west/name.yaml", 10, "unknown-key"),
    }


def test_certificates(user: Program, tree: Tree) -> None:
    now = MADE.replace(year=MADE.year + 20)
    tree.write("certs/east.pem", EAST.certificate)
    tree.write("certs/gone.pem", key_pair("gone-lint", MADE - timedelta(days=9), 1).certificate)
    tree.write("certs/other.pem", key_pair("far", MADE, (now - MADE).days).certificate)
    keys = ("--recovery-private-key", f"east={tree.key('east', EAST)}")
    assert found(user, *keys) == {
        ("certs/gone.pem", 1, "certificate-expired"),
        ("certs/gone.pem", 1, "certificate-unknown"),
        ("certs/other.pem", 1, "certificate-unknown"),
    }


def test_exceptions(user: Program, tree: Tree) -> None:
    comment = "  # keyfleet-lint: allow plaintext-secret\n"
    tree.write("line.yaml", SECRET.replace(f"{VALUE}\n", f"{VALUE}{comment}"))
    tree.write("above.yaml", SECRET.replace("  password", f"{comment}  password"))
    tree.write("file.yaml", "# keyfleet-lint: allow-file *\n" + SECRET)
    tree.write("docs/example.yaml", SECRET)
    tree.write("other.yaml", SECRET.replace(f"{VALUE}\n", f"{VALUE}  # allow plaintext-secret\n"))
    tree.write(".keyfleet-lint", "# made up\nplaintext-secret docs/*\n")
    assert found(user) == {("other.yaml", 5, "plaintext-secret")}
    assert "4 allowed" in user("lint", "repo").out


def test_hostile_trees(user: Program, tree: Tree) -> None:
    """Nothing outside of the tree is read, and nothing takes for ever."""
    outside = tree.root.parent / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(SECRET)
    (tree.root / "dir").symlink_to(outside)
    (tree.root / "file.yaml").symlink_to(outside / "secret.yaml")
    (tree.root / "loop").symlink_to(tree.root)
    os.mkfifo(tree.root / "pipe.yaml")
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    tree.write("bomb.yaml", bomb)
    tree.write("deep.yaml", "[" * 5000)
    tree.write("latin.yaml", b"kind: Secret\nmetadata: {name: \xe9}\n")
    tree.write("nul.yaml", b"kind: \0\n")
    (tree.root / "big.yaml").write_bytes(b"#" * (17 * 1024 * 1024))
    tree.write("chart/templates/secret.yaml", "kind: Secret\ndata: {{ .Values.a }}\n")
    tree.write("good.yaml", SECRET)
    assert {(file, rule) for file, _, rule in found(user)} == {
        ("bomb.yaml", "unreadable"),
        ("deep.yaml", "unreadable"),
        ("latin.yaml", "unreadable"),
        ("nul.yaml", "unreadable"),
        ("big.yaml", "unreadable"),
        ("chart/templates/secret.yaml", "not-looked-at"),
        ("good.yaml", "plaintext-secret"),
    }


def test_single_files_as_a_hook_gives_them(user: Program, tree: Tree) -> None:
    tree.write("clusters/east/good.yaml", sealed(EAST))
    tree.write("clusters/east/bad.yaml", SECRET)
    assert user("lint", "repo/clusters/east/good.yaml").code == 0
    done = user("lint", "repo/clusters/east/good.yaml", "repo/clusters/east/bad.yaml")
    assert done.code == 1
    assert "bad.yaml:5:3: error plaintext-secret" in done.out
    assert user("lint").code == 2
    assert user("lint", "absent").code == 2


def test_warnings_fail_when_asked_to(user: Program, tree: Tree) -> None:
    tree.write("a.yaml", sealed(EAST).replace("type: Opaque", "data: {password: '{{ .a }}'}"))
    assert user("lint", "repo").code == 0
    assert user("lint", "repo", "--strict").code == 1


def test_the_hook_is_one() -> None:
    """What pre-commit reads names this command and the files it takes."""
    path = Path(__file__).parents[3] / ".pre-commit-hooks.yaml"
    (hook,) = yaml.safe_load(path.read_text())
    assert hook["entry"] == "keyfleet lint"
    for name in ("a.yaml", "x/b.yml", "c.json", "east.pem", "x/Kustomization"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "a.py")
