# SPDX-License-Identifier: Apache-2.0
"""The threat model names tests that exist, and leaves no threat without one in silence."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "concepts" / "security.md"

NOT_BUILT = "not built yet"


def _named(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def _threats() -> list[list[str]]:
    section = PAGE.read_text().split("## Threats, answers, tests")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@cache
def _tests() -> frozenset[str]:
    paths = (ROOT / "tests").rglob("test_*.py")
    nodes = (node for path in paths for node in ast.walk(ast.parse(path.read_text())))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in nodes if isinstance(node, kinds))


def test_every_test_that_the_threat_model_names_exists() -> None:
    assert _named(PAGE.read_text()) - _tests() == set()


def test_every_threat_has_a_test_or_says_that_its_answer_is_not_built() -> None:
    threats = _threats()
    assert threats
    assert [row[0] for row in threats if bool(_named(row[2])) == (NOT_BUILT in row[1])] == []
