# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.testing.canary import canary
from keyfleet.transform.excerpts import (
    WIDTH,
    TemplateFailedError,
    excerpt,
    failed,
    together,
)
from keyfleet.transform.gotemplate.errors import TemplateError

SECRET = canary("template").decode()


def error(line: int = 2, column: int = 5) -> TemplateError:
    text = f'template: k:{line}:{column}: executing "k" at <.x>: no'
    return TemplateError(text, stage="exec", line=line, column=column, name="k")


def test_says_where_and_shows_the_line_with_a_caret() -> None:
    found = failed(error(), text="a\nb {{ .x }}", place="spec.template.data.k", is_secret=False)
    assert str(found) == (
        'spec.template.data.k cannot be executed: template: k:2:5: executing "k" at <.x>: no'
    )
    assert found.excerpt == ("  2 | b {{ .x }}", "    |      ^")
    assert (found.code, found.key) == ("transform.template", "k")


def test_of_a_secret_template_only_the_place_is_told() -> None:
    text = f"a\n{SECRET} {{{{ .x }}}}"
    found = failed(error(), text=text, place="key k of Secret shop/t", is_secret=True)
    assert str(found) == (
        "key k of Secret shop/t cannot be executed: line 2, column 6 (its text is secret)"
    )
    assert found.excerpt == ()


def test_a_parse_error_has_a_line_and_no_caret() -> None:
    wrong = TemplateError("template: k:1: unclosed action", stage="parse", line=1, name="k")
    found = failed(wrong, text="{{ .x", place="p", is_secret=False)
    assert found.excerpt == ("  1 | {{ .x",)
    assert str(found).startswith("p cannot be parsed: ")


def test_columns_count_bytes_and_carets_characters() -> None:
    assert excerpt("é {{ .x }}", 1, 6)[1].index("^") == len("  1 | é {{ ")


def test_of_a_long_line_the_part_around_the_caret_is_shown() -> None:
    line, caret = excerpt("x" * 5000 + "{{ .y }}" + "x" * 5000, 1, 5003)
    assert len(line) <= WIDTH + 10
    assert line[caret.index("^")] == "."


def test_what_moves_a_terminal_is_not_shown() -> None:
    assert excerpt("\x1b[2J\r\u202e{{", 1, 0) == ("  1 | \ufffd[2J\ufffd\ufffd{{",)


@pytest.mark.parametrize("line", [0, 3, -1])
def test_a_line_that_is_not_there_shows_nothing(line: int) -> None:
    assert excerpt("a\nb", line, 1) == ()


@given(st.text(), st.integers(-1, 5), st.integers(0, 300))
def test_any_text_and_any_place_can_be_shown(text: str, line: int, column: int) -> None:
    for shown in excerpt(text.encode(errors="replace").decode(), line, column):
        assert "\n" not in shown


def test_several_failures_are_told_as_one_by_what_is_wrong() -> None:
    def failure(name: str, words: str) -> TemplateFailedError:
        found = TemplateError(words, stage="exec", line=1, name=name)
        return failed(found, text="", place=f"at {name}", is_secret=False)

    found = together([failure("b", "same"), failure("c", "other"), failure("a", "same")])
    assert str(found) == "other (c)\nsame (a, b)"
    assert (found.code, found.key) == ("transform.template", "c")
