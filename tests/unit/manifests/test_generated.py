# SPDX-License-Identifier: Apache-2.0
"""The checked-in files are those that the types make."""

import sys
from pathlib import Path

import pytest

from keyfleet.manifests.__main__ import main
from keyfleet.manifests.generated import generated_files

ROOT = Path(__file__).resolve().parents[3]
FILES = generated_files()


@pytest.mark.parametrize("name", FILES)
def test_is_not_stale(name: str) -> None:
    """`python -m keyfleet.manifests` writes it anew."""
    assert (ROOT / name).read_text() == FILES[name]


@pytest.mark.parametrize("folder", ["deploy/crds", "deploy/admission", "deploy/incluster"])
def test_holds_no_file_that_nothing_makes(folder: str) -> None:
    found = {f"{folder}/{path.name}" for path in (ROOT / folder).iterdir()}
    assert found == {name for name in FILES if name.startswith(folder)}


def test_writes_below_the_folder_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manifests", str(tmp_path)])
    main()
    assert {name: (tmp_path / name).read_text() for name in FILES} == FILES
