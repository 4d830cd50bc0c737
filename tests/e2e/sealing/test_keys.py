"""`keyfleet keys` with the installed program on real control planes."""

import base64
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from tests.e2e.harness import Program, Result, eventually
from tests.e2e.sealing.tree import Tree, sealed

from keyfleet.base.codec import decode_yaml
from keyfleet.base.sealing import KeyPair, load_certificate
from keyfleet.engine.sealing.keysecrets import KEY_LABEL
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import MADE, key_pair, key_secret

OLD = key_pair("east-old")
NEW = key_pair("east-new", MADE + timedelta(days=10))
WEST = key_pair("west")
STOLEN = key_pair("stolen", MADE - timedelta(days=5))


def fingerprint(pair: KeyPair) -> str:
    return load_certificate(pair.certificate).fingerprint


@dataclass(frozen=True)
class Keys:
    """Key Secrets of planes, in the namespace of a test, and somebody who looks at them."""

    fleet: LocalFleet
    namespace: str
    user: Program
    identity: Path
    recipient: str

    def put(self, cluster: str, name: str, pair: KeyPair, state: str = "active") -> None:
        body = key_secret(pair, name, namespace=self.namespace, labels={KEY_LABEL: state})
        body["data"] = {
            key: base64.b64encode(value.reveal()).decode() for key, value in body["data"].items()
        }
        self.fleet.planes[cluster].api.must("POST", self._path(), body)

    def read(self, cluster: str) -> dict[str, dict[str, Any]]:
        answer = self.fleet.planes[cluster].api.call("GET", self._path())
        return {each["metadata"]["name"]: each for each in answer.json()["items"]}

    def __call__(self, *words: str, **environ: str) -> Result:
        """Run `keyfleet keys`; it never shows a private key."""
        where = () if words[0] in ("restore", "verify") else ("--key-namespace", self.namespace)
        done = self.user("keys", *words, *where, **environ)
        for text in (done.out, done.err):
            assert "PRIVATE" not in text
            assert "AGE-SECRET" not in text
            assert base64.b64encode(b"-----BEGIN RSA").decode()[:16] not in text
        return done

    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets"


@pytest.fixture
def keys(fleet: LocalFleet, namespace: str, keyfleet: Program, tmp_path: Path) -> Keys:
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity.txt"
    path.write_text(f"# made for a test\n{identity}\n")
    found = Keys(fleet, namespace, keyfleet, path, str(identity.to_public()))
    found.put("east", "sealed-secrets-keyold", OLD)
    found.put("east", "sealed-secrets-keynew", NEW)
    found.put("east", "sealed-secrets-keybad", STOLEN, "compromised")
    found.put("west", "sealed-secrets-keyone", WEST)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "repo").mkdir()
    return Tree(tmp_path / "repo")


def test_each_key_and_what_it_opens(keys: Keys, tree: Tree) -> None:
    tree.write("clusters/east/db.yaml", sealed(OLD, "password", "user"))
    tree.write("clusters/east/stolen.yaml", sealed(STOLEN))
    tree.write("clusters/west/db.yaml", sealed(WEST))
    tree.write("clusters/west/foreign.yaml", sealed(NEW))
    tree.write("clusters/west/orphan.yaml", sealed(key_pair("nobody")))

    bare = keys("list")
    assert bare.code == 0, bare.err
    assert "4 keys in 3 clusters, 4 not backed up" in bare.out

    done = keys("list", "repo", "-o", "json")
    assert done.code == 0, done.err
    found = done.json()
    states = {each["fingerprint"]: (each["cluster"], each["state"]) for each in found["keys"]}
    assert states == {
        fingerprint(NEW): ("east", "active"),
        fingerprint(OLD): ("east", "active"),
        fingerprint(STOLEN): ("east", "compromised"),
        fingerprint(WEST): ("west", "active"),
    }
    assert [each["fingerprint"] for each in found["keys"] if each["newest"]] == [
        fingerprint(NEW),
        fingerprint(WEST),
    ]
    opens = {(each["file"], each["item"]): each["keyOf"] for each in found["uses"]}
    assert opens == {
        ("repo/clusters/east/db.yaml", "password"): "east",
        ("repo/clusters/east/db.yaml", "user"): "east",
        ("repo/clusters/east/stolen.yaml", "password"): "east",
        ("repo/clusters/west/db.yaml", "password"): "west",
        ("repo/clusters/west/foreign.yaml", "password"): "east",
        ("repo/clusters/west/orphan.yaml", "password"): "",
    }
    assert [each["file"] for each in found["orphans"]] == ["repo/clusters/west/orphan.yaml"]

    told = keys("list", "repo")
    assert "Sealed for east, not for west: repo/clusters/west/foreign.yaml:10" in told.err
    assert "No key opens it: repo/clusters/west/orphan.yaml:10" in told.err

    one = keys("list", "repo", "--key", fingerprint(STOLEN)[:15])
    assert one.out.splitlines()[1].split()[1:] == [
        *("repo/clusters/east/stolen.yaml:10", "east", "shop/db", "password")
    ]


def test_a_stolen_key_is_resealed_with_the_rights_of_the_operator(keys: Keys, tree: Tree) -> None:
    tree.write("clusters/east/stolen.yaml", sealed(STOLEN))
    tree.write("clusters/east/db.yaml", sealed(OLD))
    tree.write("clusters/west/db.yaml", sealed(WEST))
    where = ("--key-namespace", keys.namespace)
    done = keys.user("reseal", "repo", *where, "--from-key", fingerprint(STOLEN))
    assert done.code == 0, done.err
    assert "1 value resealed in 1 file, 1 current, 1 of other keys" in done.out
    found = keys("list", "repo", "-o", "json").json()["uses"]
    assert {each["file"]: each["fingerprint"] for each in found} == {
        "repo/clusters/east/stolen.yaml": fingerprint(NEW),
        "repo/clusters/east/db.yaml": fingerprint(OLD),
        "repo/clusters/west/db.yaml": fingerprint(WEST),
    }
    rest = keys.user("reseal", "repo", *where, "-c", "east", "-o", "json")
    assert {each["result"] for each in rest.json()["items"]} == {"Resealed", "Current"}
    tree.contents()


def test_clusters_that_share_a_key_are_told(keys: Keys) -> None:
    keys.put("hub", "sealed-secrets-keyx", WEST)
    done = keys("list")
    assert "hub, west share the key" in done.err
    assert keys("list", "-o", "json").json()["shared"] == {fingerprint(WEST): ["hub", "west"]}


def test_a_broken_key_is_told_and_the_others_shown(keys: Keys) -> None:
    keys.put("hub", "sealed-secrets-keyx", KeyPair(WEST.key, NEW.certificate))
    done = keys("list")
    assert done.code == 3
    assert "the certificate is not of the private key beside it" in done.err
    assert "4 keys in 3 clusters" in done.out


def test_a_backup_opens_what_its_keys_sealed(keys: Keys, tree: Tree) -> None:
    tree.write("clusters/east/db.yaml", sealed(OLD))
    tree.write("clusters/east/stolen.yaml", sealed(STOLEN))
    file = keys.user.folder / "keys.age"
    made = keys("backup", str(file), "--recipient", keys.recipient)
    assert made.code == 0, made.err
    assert "keys: 4, clusters: 2, recipients: 1, file: " in made.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
    assert "not backed up" not in keys("list").out

    again = keys("backup", str(file), "--recipient", keys.recipient)
    assert (again.code, "Docs: keys.exists" in again.err) == (2, True)

    tree.write("clusters/east/orphan.yaml", sealed(key_pair("nobody")))
    wrong = keys("verify", str(file), "repo", "--identity", str(keys.identity), "-o", "json")
    assert wrong.code == 1
    assert [each["file"] for each in wrong.json()["orphans"]] == ["repo/clusters/east/orphan.yaml"]
    seen = keys("verify", str(file), "repo/clusters/east/db.yaml", "-i", str(keys.identity))
    assert seen.code == 0, seen.err


@pytest.mark.timeout(400, func_only=True)
def test_a_fresh_cluster_opens_what_the_lost_one_could(
    keys: Keys,
    extra_planes: Callable[..., Any],
    write_kubeconfig: Callable[..., Path],
) -> None:
    file = keys.user.folder / "keys.age"
    assert keys("backup", str(file), "--recipient", keys.recipient).code == 0
    fresh = extra_planes("fresh")["fresh"]
    fresh.create_namespace(keys.namespace)
    config = ("--kubeconfig", str(write_kubeconfig("fresh", fresh=fresh)))
    whose = ("-c", "east", "--to-cluster", "fresh", "--identity", str(keys.identity))
    words = ("restore", str(file), *whose, *config)
    dry = keys(*words, "--dry-run")
    assert dry.code == 0, dry.err
    assert "3 would be created" in dry.out
    done = keys(*words)
    assert done.code == 0, done.err
    assert "3 created" in done.out
    assert "fresh shares its keys" in done.err
    twice = keys(*words)
    assert (twice.code, "3 there already" in twice.out) == (0, True)

    listed = keys("list", *config, "-o", "json").json()["keys"]
    assert [(each["fingerprint"], each["state"]) for each in listed] == [
        (fingerprint(NEW), "active"),
        (fingerprint(OLD), "active"),
        (fingerprint(STOLEN), "compromised"),
    ]
    installed = keys.user("install", "--dialect", "sealed-secrets", *config)
    assert installed.code == 0, installed.err
    serving = ("run", "--listen", "127.0.0.1:0", *config)
    with keys.user.running(*serving, "--sealed-secrets-key-namespace", keys.namespace):
        _unseals(fresh, sealed(OLD), "password")


def _unseals(plane: ControlPlane, text: str, item: str) -> None:
    """Wait until a file's SealedSecret has become a Secret with that item."""
    plane.create_namespace("shop")
    document = decode_yaml(text.encode(), subject="a file")[0].content
    path = "/apis/bitnami.com/v1alpha1/namespaces/shop/sealedsecrets"
    plane.api.must("POST", path, document)
    place = "/api/v1/namespaces/shop/secrets/db"
    eventually(lambda: plane.api.call("GET", place).status == 200, what="unsealed")
    data = plane.api.call("GET", place).json()["data"]
    assert base64.b64decode(data[item]) == canary(item)


def test_nothing_is_overwritten_or_put_back_into_use(keys: Keys) -> None:
    file = keys.user.folder / "keys.age"
    assert keys("backup", str(file), "-r", keys.recipient, "-c", "east").code == 0
    api, path = keys.fleet.planes["east"].api, f"/api/v1/namespaces/{keys.namespace}/secrets"
    api.must("DELETE", f"{path}/sealed-secrets-keyold")
    keys.put("east", "sealed-secrets-keyold", WEST)
    api.must("DELETE", f"{path}/sealed-secrets-keynew")
    keys.put("east", "sealed-secrets-keyother", NEW, "compromised")
    before = keys.read("east")
    done = keys("restore", str(file), "--identity", str(keys.identity), "-o", "json")
    assert done.code == 7
    assert {each["name"]: each["result"] for each in done.json()["items"]} == {
        "sealed-secrets-keyold": "Conflict",
        "sealed-secrets-keynew": "Present",
        "sealed-secrets-keybad": "Present",
    }
    assert keys.read("east") == before


@pytest.mark.parametrize("cut", [0, 10, 400, -40])
def test_damaged_backups_and_wrong_identities_are_one_clear_error(keys: Keys, cut: int) -> None:
    file = keys.user.folder / "keys.age"
    assert keys("backup", str(file), "-r", keys.recipient, "-c", "west").code == 0
    other = keys.user.folder / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    if cut:
        file.write_bytes(file.read_bytes()[:cut])
    done = keys("restore", str(file), "--identity", str(keys.identity if cut else other))
    assert done.code == 4
    assert done.err.count("Error:") == 1
    assert "Docs: keys.unopened" in done.err


def test_nothing_is_written_in_clear(keys: Keys) -> None:
    file = keys.user.folder / "keys.age"
    for words in ((), ("-r", "age1nonsense"), ("--recipients-file", str(keys.identity))):
        done = keys("backup", str(file), *words)
        assert done.code == 2
        assert "Docs: keys.recipient" in done.err
        assert not file.exists()
    plain = keys.user.folder / "plain.age"
    plain.write_text('{"kind": "List", "items": []}')
    assert keys("verify", str(plain), "-i", str(keys.identity)).code == 4
