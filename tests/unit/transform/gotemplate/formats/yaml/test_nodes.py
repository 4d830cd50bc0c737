# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3
from keyfleet.transform.gotemplate.formats.yaml.nodes import first_document


def test_builds_the_tree_of_the_first_document() -> None:
    root = first_document(a_run(), "a: &x [!!int 1, 'b']\nc: *x\n--- d", V2)
    assert root is not None
    assert [node.kind for node in root.children] == ["scalar", "list", "scalar", "alias"]
    assert [(node.tag, node.is_plain) for node in root.children[1].children] == [
        ("!!int", False), ("", False),
    ]  # fmt: skip
    assert root.children[3].target is root.children[1]
    assert first_document(a_run(), "# nothing", V2) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: *x", "yaml: unknown anchor 'x' referenced"),
        ("%YAML 1.2\n---\na", "yaml: found incompatible YAML document"),
        ("a: \x01", "yaml: control characters are not allowed"),
        ("a: 1\n b: 2", "yaml: line 2: mapping values are not allowed in this context"),
    ],
)
def test_refuses_in_the_words_of_go(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        first_document(a_run(), text, V3)
    assert caught.value.go_text() == problem


def test_names_the_line_that_each_library_names() -> None:
    for dialect, line in ((V2, 4), (V3, 3)):
        with pytest.raises(GoError) as caught:
            first_document(a_run(), "a:\n- 1\n-2", dialect)
        assert caught.value.go_text() == f"yaml: line {line}: could not find expected ':'"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 300,
        "- " * 300,
        "{a: " * 300,
        "a" * (2 << 20) + "b",
        "%TAG !a! b\n" * 101,
        "- a\n" * 200_000,
    ],
    ids=["lists", "items", "mappings", "length", "directives", "nodes"],
)
def test_refuses_what_would_take_too_much(text: str) -> None:
    with pytest.raises(BudgetError):
        first_document(a_run(), text, V2)


@given(st.text(alphabet="a:-[]{}&*!|>'\"%#?, \n\t\udcff\0é", max_size=40))
def test_builds_or_refuses(text: str) -> None:
    try:
        first_document(a_run(), text, V2)
    except GoError:
        return
