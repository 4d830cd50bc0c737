# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.parsing import nodes
from keyfleet.transform.gotemplate.parsing.lexer import Token
from keyfleet.transform.gotemplate.parsing.openings import CONTROLS, Opening

FIRST = Token("text", "x", 3, 4, is_spaced=False)
LATER = Token("text", "y", 5, 6, is_spaced=False)
TEXT = nodes.Text(3, 4, "x")


@pytest.mark.parametrize("kind", sorted(CONTROLS))
def test_without_else_all_is_the_body(kind: str) -> None:
    opening = Opening(kind, FIRST)
    opening.items.append(TEXT)
    found = opening.control()
    assert type(found) is CONTROLS[kind]
    assert (found.body.nodes, found.otherwise) == ((TEXT,), None)


def test_else_begins_anew() -> None:
    opening = Opening("if", FIRST)
    opening.items.append(TEXT)
    opening.begin_else(LATER)
    found = opening.control()
    assert found.body.nodes == (TEXT,)
    assert found.otherwise is not None
    assert (found.otherwise.nodes, found.otherwise.line, found.otherwise.column) == ((), 5, 6)


def test_a_list_stands_where_its_first_token_does() -> None:
    assert (Opening("", FIRST).rest().line, Opening("", FIRST).rest().column) == (3, 4)
