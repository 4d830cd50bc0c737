# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3, Dialect
from keyfleet.transform.gotemplate.formats.yaml.styles import Style
from keyfleet.transform.gotemplate.formats.yaml.writing import Writer, escaped


def written(text: str, style: Style, dialect: Dialect = V2) -> str:
    writer = Writer(a_run(), dialect)
    writer.mark("k")
    writer.mark(":", glued=True)
    writer.indent = 2
    writer.scalar(text, style)
    return writer.text.whole()


def test_folds_at_the_first_space_after_the_width() -> None:
    text = "x" * 90 + " y  z"
    assert written(text, Style.PLAIN) == f"k: {'x' * 90}\n  y  z"
    assert written(text, Style.PLAIN, V3) == f"k: {text}"
    assert written("x" * 90 + "  y", Style.SINGLE) == f"k: '{'x' * 90}  y'"
    assert written("x" * 90 + "  y", Style.DOUBLE) == f'k: "{"x" * 90}\n  \\ y"'


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("a\nb", "|-\n  a\n  b"),
        ("a\n", "|\n  a\n"),
        ("a\n\n", "|+\n  a\n\n"),
        ("\n", "|2+\n\n"),
        (" a\n", "|2\n   a\n"),
    ],
)
def test_writes_literal_blocks(text: str, block: str) -> None:
    assert written(text, Style.LITERAL) == f"k: {block}"


def test_doubles_single_quotes_and_indents_after_a_line_separator() -> None:
    assert written("it's\u2028b", Style.SINGLE) == "k: 'it''s\u2028  b'"


def test_escapes_as_go_does() -> None:
    assert escaped('"\\\0\x85\u2028\x7f\U0001f600é') == '\\"\\\\\\0\\N\\L\\x7F\\U0001F600é'
    assert escaped("\ufeffa ") == "\\uFEFF\\x61\\x20"


def test_begins_no_line_twice() -> None:
    writer = Writer(a_run(), V2)
    writer.begin_line()
    writer.mark("-", is_indentation=True)
    writer.indent = 2
    writer.begin_line()
    assert not writer.is_line_begun
    assert writer.text.whole() == "- "
