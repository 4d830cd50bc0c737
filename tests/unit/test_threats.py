# SPDX-License-Identifier: Apache-2.0
"""Threat model and guarantees name tests that exist, and leave nothing without one in silence."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONCEPTS = ROOT / "docs" / "concepts"
THREATS = CONCEPTS / "security.md", "## Threats, answers, tests"
GUARANTEES = CONCEPTS / "guarantees.md", "# Guarantees, and what could refute them"

NOT_BUILT = "not built yet"

_DEFINED = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)


def _named(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def _table(page: Path, title: str) -> list[list[str]]:
    section = page.read_text().split(title)[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@cache
def _tests() -> frozenset[str]:
    paths = (ROOT / "tests").rglob("test_*.py")
    # Not parsed: the trees of all tests took five seconds.
    return frozenset(name for path in paths for name in _DEFINED.findall(path.read_text()))


@pytest.mark.parametrize("page", [THREATS[0], GUARANTEES[0]], ids=lambda page: page.stem)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    assert _named(page.read_text()) - _tests() == set()


def test_every_threat_has_a_test_or_says_that_its_answer_is_not_built() -> None:
    threats = _table(*THREATS)
    assert threats
    assert [row[0] for row in threats if bool(_named(row[2])) == (NOT_BUILT in row[1])] == []


def test_every_guarantee_has_a_test_or_says_that_it_is_not_built() -> None:
    guarantees = _table(*GUARANTEES)
    assert [row[0].split("*")[2] for row in guarantees] == [f"G{n}" for n in range(1, 13)]
    assert [row[0] for row in guarantees if bool(_named(row[2])) == (NOT_BUILT in row[2])] == []
