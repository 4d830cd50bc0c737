# SPDX-License-Identifier: Apache-2.0
from unittest.mock import patch

import pytest
from hypothesis import given
from tests.unit.transform.gotemplate.sources import sources

from keyfleet.transform.gotemplate.parsing import lexer
from keyfleet.transform.gotemplate.parsing.lexer import KEYWORDS, Token, tokens_of


def kinds(source: str, left: str = "{{", right: str = "}}") -> list[str]:
    return [token.kind for token in tokens_of(source, left=left, right=right)]


def texts(source: str) -> list[str]:
    return [token.text for token in tokens_of(source)]


def complaint(source: str) -> str:
    last = tokens_of(source)[-1]
    assert last.kind == lexer.ERROR
    return last.text


def test_text_and_actions_take_turns() -> None:
    assert kinds("a{{.x}}b") == [
        "text",
        lexer.LEFT,
        "field",
        lexer.RIGHT,
        "text",
        lexer.END_OF_SOURCE,
    ]


def test_every_token_knows_its_line_and_its_column_in_bytes() -> None:
    found = tokens_of("é{{\n  print `a\nb` $é }}")
    assert [(t.text, t.line, t.column) for t in found] == [
        ("é", 1, 0), ("{{", 1, 2), ("print", 2, 2), ("`a\nb`", 2, 8), ("$é", 3, 3), ("}}", 3, 7),
        ("EOF", 3, 9),
    ]  # fmt: skip


def test_columns_count_the_bytes_that_are_no_utf8() -> None:
    assert tokens_of("\udcff\udcfe{{.}}")[1].column == 2


def test_a_token_knows_whether_space_stands_before_it() -> None:
    assert [t.is_spaced for t in tokens_of("{{.a .b(1) -}} x")] == [
        False, False, True, False, False, False, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("space", [" ", "\t", "\r", "\n"])
def test_trim_markers_take_the_space_around_an_action(space: str) -> None:
    assert texts(f"a \n{{{{-{space}1{space}-}}}}\r\n\tb") == ["a", "{{", "1", "}}", "b", "EOF"]


def test_a_minus_that_no_space_follows_is_a_sign() -> None:
    assert texts("a {{-3}}") == ["a ", "{{", "-3", "}}", "EOF"]


def test_comments_leave_nothing() -> None:
    assert texts("a{{/* }} \n*/}} b {{- /* c */ -}} d") == ["a", " b", "d", "EOF"]


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_keywords_are_their_own_kind(word: str) -> None:
    assert kinds(f"{{{{{word}}}}}")[1] == word


@pytest.mark.parametrize("word", ["break", "continue"])
def test_functions_may_be_called_like_the_keywords_of_loops(word: str) -> None:
    assert tokens_of(f"{{{{{word}}}}}", functions={word})[1].kind == lexer.IDENTIFIER


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("true", "bool"), ("x", "identifier"), (".", "."), (".x", "field"), ("$", "variable"),
        ("$1", "variable"), ("'a'", "character"), ('"a"', "string"), ("`a`", "string"),
        ("+1", "number"), (".5", "number"), ("1+2i", "complex"), (":=", ":="), ("=", "="),
        ("|", "|"), (",", "other"), ("#", "other"), ("nil", "nil"),
    ],
)  # fmt: skip
def test_tokens_of_actions(source: str, kind: str) -> None:
    assert kinds(f"{{{{{source}}}}}")[1] == kind


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{", "unclosed action"),
        ("{{.", 'illegal'),
        ("{{.a-b}}", "bad character U+002D '-'"),
        ("{{x\udcff}}", "bad character U+FFFD '\ufffd'"),
        ("{{\x01}}", "unrecognized character in action: U+0001"),
        ("{{:}}", "expected :="),
        ("{{(}}", "unclosed left paren"),
        ("{{)}}", "unexpected right paren"),
        ("{{3k}}", 'bad number syntax: "3k"'),
        ("{{1+2}}", 'bad number syntax: "1+2"'),
        ('{{"a', "unterminated quoted string"),
        ("{{`a", "unterminated raw quoted string"),
        ("{{'a", "unterminated character constant"),
        ("{{/* a", "unclosed comment"),
        ("{{/* a */ b}}", "comment ends before closing delimiter"),
    ],
)  # fmt: skip
def test_complaints(source: str, message: str) -> None:
    if message != "illegal":
        assert complaint(source) == message
    else:
        # A dot at the very end is a number for Go, which the parser refuses.
        assert kinds(source)[1:] == ["number", lexer.ERROR]


@pytest.mark.parametrize(("left", "right"), [("|", "|"), ("<%", "%>"), ("é", "→"), ("(", ")")])
def test_delimiters_are_any_text(left: str, right: str) -> None:
    found = [t.text for t in tokens_of(f"a{left}.x{right}b", left=left, right=right)]
    assert found == ["a", left, ".x", right, "b", "EOF"]


def test_a_right_delimiter_in_a_string_ends_nothing() -> None:
    assert texts('{{"}}"}}') == ["{{", '"}}"', "}}", "EOF"]


@patch.object(lexer, "MAX_TOKENS", 7)
def test_there_is_a_bound_to_the_tokens() -> None:
    assert kinds("{{.}}{{.}}")[-1] == lexer.END_OF_SOURCE
    assert complaint("{{.}}{{.}}{{.}}") == "the template has more than 7 tokens"
    assert len(tokens_of("{{.}}" * 100)) == 8


@given(sources())
def test_tokens_stand_in_the_source_in_their_order(source: str) -> None:
    found = tokens_of(source)
    assert found[-1].kind in (lexer.ERROR, lexer.END_OF_SOURCE)
    places = [(token.line, token.column) for token in found]
    assert places == sorted(places)
    at = 0
    for token in found[:-1]:
        at = source.index(token.text, at) + len(token.text)


@given(sources())
def test_lines_and_columns_lead_back_to_the_token(source: str) -> None:
    lines = source.encode("utf-8", "surrogateescape").split(b"\n")
    for token in tokens_of(source)[:-1]:
        assert starts_there(token, lines)


def starts_there(token: Token, lines: list[bytes]) -> bool:
    rest = b"\n".join((lines[token.line - 1][token.column :], *lines[token.line :]))
    return rest.startswith(token.text.encode("utf-8", "surrogateescape"))
