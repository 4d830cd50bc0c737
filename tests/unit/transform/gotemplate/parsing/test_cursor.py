# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.parsing import lexer
from keyfleet.transform.gotemplate.parsing.cursor import Cursor
from keyfleet.transform.gotemplate.parsing.lexer import tokens_of


def cursor(source: str) -> Cursor:
    return Cursor(tokens_of(source), "n")


def test_takes_tokens_in_order_and_stays_at_the_last() -> None:
    place = cursor("{{.}}")
    kinds = [place.take().kind for _ in range(6)]
    assert kinds == [lexer.LEFT, ".", lexer.RIGHT, *[lexer.END_OF_SOURCE] * 3]


def test_looks_ahead_and_stays() -> None:
    place = cursor("{{.}}")
    assert place.peek(1).kind == "."
    assert place.peek(100).kind == lexer.END_OF_SOURCE
    assert place.take().kind == lexer.LEFT


def test_errors_name_the_furthest_line_that_was_seen() -> None:
    place = cursor("a\n{{.\n.b}}")
    place.peek(3)
    assert str(place.error("x")) == "template: n:3: x"
    assert (place.error("x").stage, place.error("x").line, place.error("x").name) == (
        "parse",
        3,
        "n",
    )


def test_joined_tokens_have_no_space_between_them() -> None:
    place = cursor("{{$.a .b}}")
    place.take()
    place.take()
    assert place.next_is_joined("field")
    place.take()
    assert not place.next_is_joined("field")


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        ("if", "<if>"), (".", "<.>"), ("nil", "<nil>"), ("true", '"true"'), (",", '","'),
        ("1234567890", '"1234567890"'), ("12345678901", '"1234567890"...'),
        ('"é\udcff"', r'"\"é\xff\""'), ("éééééé", '"éééééé"...'),
    ],
)  # fmt: skip
def test_tokens_are_shown_as_go_shows_them(action: str, shown: str) -> None:
    place = cursor(f"{{{{{action}}}}}")
    place.take()
    with pytest.raises(TemplateError, match="unexpected") as caught:
        place.expect(lexer.LEFT, "x")
    assert str(caught.value) == f"template: n:1: unexpected {shown} in x"


def test_the_end_is_shown_bare() -> None:
    place = cursor("")
    assert str(place.refusal(place.take(), "x")) == "template: n:1: unexpected EOF in x"


@pytest.mark.parametrize(
    ("source", "began", "text"),
    [
        ("{{#\x01", 0, "unrecognized character in action: U+0001"),
        ("{{#\n\x01", 1, "unrecognized character in action: U+0001 in action started at n:1"),
        ("{{#\n\x01", 2, "unrecognized character in action: U+0001"),
        ("{{#\n", 1, "unclosed action started at n:1"),
    ],
)
def test_errors_of_the_lexer_say_where_the_action_began(source: str, began: int, text: str) -> None:
    place = cursor(source)
    place.take()
    place.take()
    place.action_line = began
    assert str(place.refusal(place.take(), "x")).endswith(f": {text}")


def test_a_message_has_a_bounded_length() -> None:
    assert len(str(cursor("").error("x" * 100_000))) < 2000
