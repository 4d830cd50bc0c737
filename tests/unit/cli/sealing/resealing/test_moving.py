# SPDX-License-Identifier: Apache-2.0
"""Values of one cluster are sealed for another: as files of that one, whole and never in clear."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import Keyset, Scope, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.certificates.fleet import Recipient
from keyfleet.cli.sealing.files.sealedtext import read_yaml, sealed_documents
from keyfleet.cli.sealing.files.tree import TreeFile
from keyfleet.cli.sealing.resealing.moving import Move, Moved, moved, place_for
from keyfleet.cli.sealing.resealing.resealing import Fate, Goal
from keyfleet.testing.canary import canary, find_canary
from keyfleet.testing.sealing import MADE, key_pair

SHARED = key_pair("moving-shared")
OWN = key_pair("moving-own", MADE + timedelta(days=1))
EAST = Recipient("east", load_certificate(OWN.certificate), keyset=Keyset([load_key(OWN.key)]))
GOAL = Goal("west", Keyset([load_key(SHARED.key)]), EAST.required())
MOVE = Move("east")


def manifest(*names: str, name: str = "db", sealed_for: str = "west", label: bytes = b"") -> str:
    certificate = load_certificate(SHARED.certificate)
    label = label or Scope.STRICT.label("shop", name)
    items = "".join(
        f"    {each}: {certificate.seal(SecretValue(canary(each)), label)}  # {each}\n"
        for each in names
    )
    note = f"  annotations: {{keyfleet.io/sealed-for: {sealed_for}}}\n" if sealed_for else ""
    return (
        "# what the shop needs\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n"
        f"  name: {name}\n  namespace: shop\n{note}spec:\n  encryptedData:\n{items}"
    )


@pytest.fixture
def west(tmp_path: Path) -> Path:
    place = tmp_path / "clusters" / "west" / "shop"
    place.mkdir(parents=True)
    (place / "db.yaml").write_text(manifest("a", "b"))
    return place / "db.yaml"


def move(*paths: Path, how: Move = MOVE, target: Recipient = EAST) -> Moved:
    tree = [TreeFile(path, path.parent) for path in paths]
    return moved(tree, lambda _file, _document: GOAL, target, "default", how)


def test_a_file_goes_to_the_same_place_with_other_values_and_nothing_else_changed(
    west: Path, tmp_path: Path
) -> None:
    found = move(west)
    there = tmp_path / "clusters" / "east" / "shop"
    assert set(found.writing.changes) == {there / "db.yaml", there / "kustomization.yml"}
    new = found.writing.changes[there / "db.yaml"].new
    assert not any(find_canary(each.new) for each in found.writing.changes.values())
    (document,) = sealed_documents(read_yaml(new, ""))
    assert document.sealed_for == "east"
    opened = {item.name: EAST.keyset.open(item.text, document.label) for item in document.items}
    assert {name: one.value for name, one in opened.items()} == {
        name: SecretValue(canary(name)) for name in ("a", "b")
    }
    assert _hollow(new.decode()).replace("east", "west") == _hollow(west.read_text())
    assert found.outcomes[0].count(Fate.RESEALED) == 2
    # Nothing is written before all of it is known to be right.
    assert not there.exists()


def test_a_value_that_does_not_open_lets_nothing_of_its_file_go(west: Path) -> None:
    west.write_text(
        manifest("a") + manifest("b", name="x", label=b"other").replace("# what", "---\n# what")
    )
    found = move(west)
    assert found.has_failed
    assert found.writing.changes == {}


def test_a_value_that_does_not_open_there_is_not_written(
    west: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = EAST.required().seal(SecretValue(canary("x")), Scope.STRICT.label("shop", "db"))
    monkeypatch.setattr("keyfleet.base.sealing.SealingCertificate.seal", lambda *_: wrong)
    (outcome,) = move(west).outcomes
    assert outcome.problem is not None
    assert outcome.problem.code == "reseal.doubt"


def test_a_value_that_the_same_key_opens_stays_as_it_is(west: Path) -> None:
    same = Recipient("east", load_certificate(SHARED.certificate))
    goal = Goal("west", GOAL.keyset, same.required())
    tree = [TreeFile(west, west.parent)]
    found = moved(tree, lambda _file, _document: goal, same, "default", MOVE)
    (new, *_) = found.writing.changes.values()
    assert new.new.decode() == west.read_text().replace("west", "east")
    assert found.outcomes[0].count(Fate.CURRENT) == 2


def test_what_exists_is_left_to_whoever_says_what_becomes_of_it(west: Path, tmp_path: Path) -> None:
    there = tmp_path / "clusters" / "east" / "shop" / "db.yaml"
    there.parent.mkdir(parents=True)
    there.write_text("theirs: true\n")
    assert move(west).held == [there]
    assert move(west, how=Move("east", keep=True)).held == []
    assert move(west, how=Move("east", keep=True)).writing.changes == {}
    forced = move(west, how=Move("east", force=True)).writing.changes[there]
    assert forced.old == b"theirs: true\n"


def test_values_in_clear_are_not_copied_along(west: Path) -> None:
    west.write_text(west.read_text() + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\n")
    (outcome,) = move(west).outcomes
    assert outcome.problem is not None
    assert outcome.problem.code == "reseal.plain"


def test_a_file_without_sealed_values_stays_where_it_is(west: Path) -> None:
    west.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    found = move(west)
    assert (found.writing.changes, found.has_failed) == ({}, False)


def test_two_files_never_become_one(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "db.yaml" for folder in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(manifest("a"))
    found = move(*paths, how=Move("east", tmp_path))
    assert [each.problem.code if each.problem else "" for each in found.outcomes] == [
        "",
        "sealing.tree",
    ]


@pytest.mark.parametrize(
    ("path", "into", "place"),
    [
        ("/r/clusters/west/a/db.yaml", None, "/r/clusters/east/a/db.yaml"),
        ("/r/clusters/west/db.yaml", None, "/r/clusters/east/db.yaml"),
        ("/clusters/x/clusters/west/db.yaml", None, "/clusters/x/clusters/east/db.yaml"),
        ("/r/clusters/west/a/db.yaml", Path("/o"), "/o/clusters/east/a/db.yaml"),
        ("/r/shared/a/db.yaml", Path("/o"), "/o/clusters/east/a/db.yaml"),
    ],
)
def test_where_a_file_goes(path: str, into: Path | None, place: str) -> None:
    assert place_for(TreeFile(Path(path), Path("/r/shared")), "east", into) == Path(place)


def test_a_file_named_from_here_goes_to_a_place_named_from_here() -> None:
    file = TreeFile(Path("clusters/west/shop/db.yml"), Path("clusters"))
    assert place_for(file, "east", None) == Path("clusters/east/shop/db.yml")


def test_without_a_place_it_is_asked_for() -> None:
    with pytest.raises(InvalidInputError) as caught:
        place_for(TreeFile(Path("/r/shared/db.yaml"), Path("/r/shared")), "east", None)
    assert "--into" in caught.value.hint


def test_a_link_leads_out_of_no_tree(west: Path, tmp_path: Path) -> None:
    (tmp_path / "clusters" / "east").symlink_to(tmp_path)
    (outcome,) = move(west).outcomes
    assert outcome.problem is not None
    assert outcome.problem.code == "sealing.tree"


@pytest.mark.parametrize("name", ["..", "a/b", ""])
def test_no_name_leads_out_of_the_tree(west: Path, name: str) -> None:
    with pytest.raises(InvalidInputError):
        place_for(TreeFile(west, west.parent), name, None)


def _hollow(text: str) -> str:
    return re.sub(r"AQ[A-Za-z0-9+/=]{300,}", "SEALED", text)
