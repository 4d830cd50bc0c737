"""Manifests from files, folders and standard input."""

import io
import sys
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli import files
from keyfleet.cli.files import load_files, load_manifests

MANIFEST = """\
apiVersion: keyfleet.io/v1alpha1
kind: FleetCluster
metadata: {name: NAME}
spec: {context: east}
"""


def _write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MANIFEST.replace("NAME", name))
    return path


def test_a_folder_stands_for_the_manifests_below_it_in_order(tmp_path: Path) -> None:
    _write(tmp_path / "b.yml", "two")
    _write(tmp_path / "a" / "c.yaml", "one")
    _write(tmp_path / "notes.txt", "three")
    found = load_manifests([str(tmp_path)])
    assert [each.document["metadata"]["name"] for each in found] == ["one", "two"]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MANIFEST.encode())))
    assert [("standard input", MANIFEST.encode())] == list(load_files(["-"]))


@pytest.mark.parametrize("name", ["missing.yaml", "bad\0name"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        list(load_files([str(tmp_path / name)]))
    assert name in caught.value.subject


def test_a_folder_without_manifests_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no \.yaml"):
        list(load_files([str(tmp_path)]))


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SIZE_MAX", 10)
    with pytest.raises(InvalidInputError, match="larger"):
        list(load_files([str(_write(tmp_path / "a.yaml", "one"))]))
