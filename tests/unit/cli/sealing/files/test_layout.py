# SPDX-License-Identifier: Apache-2.0
"""Files of a tree: which are written, which stay, and that a cluster gets all of them or none."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError, PermanentError
from keyfleet.base.sealing import Keyset, load_certificate, load_key
from keyfleet.cli.sealing.certificates.fleet import Recipient
from keyfleet.cli.sealing.files.documents import Style, read_documents, written
from keyfleet.cli.sealing.files.kustomization import NAMES
from keyfleet.cli.sealing.files.layout import Existing, Fate, Tree, laid_out, safe_name
from keyfleet.cli.sealing.files.plain import PlainSecret, read_plain_secrets
from keyfleet.cli.sealing.files.writing import Change, write_all, write_file
from keyfleet.cli.sealing.opening import opened
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair

PAIR = key_pair("layout")
BLIND = Recipient("east", load_certificate(PAIR.certificate))
SEEING = Recipient("east", BLIND.certificate, keyset=Keyset([load_key(PAIR.key)]))
VALUE = canary("layout").decode()


def secret(value: str = VALUE, name: str = "db", **fields: Any) -> PlainSecret:
    document = {
        "kind": "Secret", "metadata": {"name": name, "namespace": "shop"},
        "stringData": {"password": value}, **fields,
    }  # fmt: skip
    return read_plain_secrets(written([document], Style.YAML).encode(), "a file")[0]


def put(tree: Tree, recipient: Recipient, *secrets: PlainSecret) -> set[Fate]:
    writing = laid_out(tree, recipient, secrets)
    write_all(list(writing.changes.values()))
    return set(writing.fates.values())


def test_new_files_stand_where_flux_looks_and_are_listed(tmp_path: Path) -> None:
    assert put(Tree(tmp_path), BLIND, secret(), secret(name="api")) == {Fate.WRITTEN}
    folder = tmp_path / "clusters" / "east" / "shop"
    listed = read_documents((folder / "kustomization.yml").read_bytes(), "k")[0]["resources"]
    assert listed == ["db.yml", "api.yml"]
    put(Tree(tmp_path, "monitoring"), BLIND, secret())
    assert (tmp_path / "clusters" / "east" / "monitoring" / "db.yml").exists()


@pytest.mark.parametrize(
    ("recipient", "existing", "value", "fate"),
    [
        (BLIND, Existing.COMPARE, VALUE, Fate.HELD),
        (BLIND, Existing.KEEP, "other", Fate.KEPT),
        (BLIND, Existing.REPLACE, VALUE, Fate.WRITTEN),
        (SEEING, Existing.COMPARE, VALUE, Fate.UNCHANGED),
        (SEEING, Existing.COMPARE, "other", Fate.WRITTEN),
    ],
)
def test_what_becomes_of_a_file_that_exists(
    tmp_path: Path, recipient: Recipient, existing: Existing, value: str, fate: Fate
) -> None:
    put(Tree(tmp_path), BLIND, secret())
    path = tmp_path / "clusters" / "east" / "shop" / "db.yml"
    before = path.read_bytes()
    assert put(Tree(tmp_path, existing=existing), recipient, secret(value)) == {fate}
    assert (path.read_bytes() == before) is (fate is not Fate.WRITTEN)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "kubernetes.io/basic-auth"},
        {"immutable": True},
        {"metadata": {"name": "db", "namespace": "shop", "labels": {"a": "b"}}},
        {"stringData": {"password": VALUE, "more": "x"}},
    ],
)
def test_the_same_values_in_another_secret_are_written(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    put(Tree(tmp_path), SEEING, secret())
    assert put(Tree(tmp_path), SEEING, secret(**fields)) == {Fate.WRITTEN}


def test_what_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "clusters" / "east" / "shop" / "db.yml"
    write_file(path, b"kind: ConfigMap\n")
    assert put(Tree(tmp_path), SEEING, secret()) == {Fate.CONFLICT}
    assert path.read_bytes() == b"kind: ConfigMap\n"


def test_templates_that_people_wrote_are_carried_over(tmp_path: Path) -> None:
    put(Tree(tmp_path), SEEING, secret())
    path = tmp_path / "clusters" / "east" / "shop" / "db.yml"
    document = read_documents(path.read_bytes(), "a file")[0]
    document["spec"]["template"]["data"] = {"url": "db://{{ .password }}"}
    path.write_text(written([document], Style.YAML))
    assert put(Tree(tmp_path), SEEING, secret()) == {Fate.UNCHANGED}
    assert put(Tree(tmp_path), SEEING, secret("new")) == {Fate.WRITTEN}
    found = read_documents(path.read_bytes(), "a file")[0]
    assert found["spec"]["template"]["data"] == {"url": "db://{{ .password }}"}
    assert opened(found, SEEING.keyset)["password"].reveal() == b"new"


def test_a_folder_of_manifests_gets_no_kustomization_that_would_leave_them_out(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "clusters" / "east" / "shop"
    write_file(folder / "namespace.yml", b"kind: Namespace\n")
    put(Tree(tmp_path), BLIND, secret())
    assert (folder / "db.yml").exists()
    assert not [name for name in NAMES if (folder / name).exists()]


@pytest.mark.parametrize("name", NAMES)
def test_the_clusters_own_kustomization_lists_a_new_folder(tmp_path: Path, name: str) -> None:
    above = tmp_path / "clusters" / "east" / name
    write_file(above, b"resources: # modules\n  - flux-system\n")
    put(Tree(tmp_path), BLIND, secret())
    assert above.read_bytes() == b"resources: # modules\n  - flux-system\n  - shop\n"


def test_a_link_in_the_tree_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "east").symlink_to(tmp_path)
    with pytest.raises(InvalidInputError, match="symbolic link"):
        put(Tree(tmp_path), BLIND, secret())


@given(st.text(max_size=12))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    try:
        found = safe_name(name)
    except InvalidInputError:
        return
    assert Path("/a", found).parent == Path("/a")
    assert not found.startswith((".", "-"))


def test_several_files_are_written_or_none(tmp_path: Path) -> None:
    one, made, blocked = tmp_path / "one", tmp_path / "new" / "two", tmp_path / "three"
    one.write_bytes(b"before")
    (blocked / "full").mkdir(parents=True)
    changes = [
        Change(one, b"after", b"before"),
        Change(made, b"after"),
        Change(blocked, b"after"),
    ]
    with pytest.raises(PermanentError) as caught:
        write_all(changes)
    assert caught.value.code == "output.unwritable"
    assert one.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "one", "three"]
