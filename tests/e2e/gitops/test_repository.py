# SPDX-License-Identifier: Apache-2.0
"""The search that these tests rely on finds what it searches for."""

import os
from pathlib import Path

import pytest
from tests.e2e.gitops.repository import Repository

from keyfleet.testing.canary import canary


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path, os.environ)
    (made.clone / "README").write_text("nothing yet\n")
    made.push("Begin")
    return made


def test_a_value_in_a_file_is_found(empty: Repository) -> None:
    assert empty.search() == 3  # A commit, its tree and its file.
    (empty.clone / "notes").write_bytes(canary("db"))
    with pytest.raises(AssertionError, match=r"a value in .*notes"):
        empty.search()


def test_a_value_that_was_taken_out_again_is_found(empty: Repository) -> None:
    """It is in the history, and in what no branch reaches any more."""
    (empty.clone / "notes").write_bytes(canary("db"))
    empty.git("add", "--all")
    empty.git("commit", "--quiet", "--message", "Slip")
    empty.git("reset", "--quiet", "--hard", "HEAD~1")
    with pytest.raises(AssertionError, match="a value in an object of Git"):
        empty.search()
