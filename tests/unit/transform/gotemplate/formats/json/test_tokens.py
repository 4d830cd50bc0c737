# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.json.tokens import Tokens


def tokens(text: str) -> Tokens:
    return Tokens(a_run(), text)


def test_takes_one_piece_after_another() -> None:
    found = tokens(' "a\\n" -1.5e3 true,')
    found.skip_spaces()
    assert found.string() == "a\n"
    found.skip_spaces()
    assert found.number() == "-1.5e3"
    found.skip_spaces()
    assert found.literal("true", value=True) is True
    assert found.peek() == ","
    assert not found.takes("]}")
    assert found.takes(",")
    assert found.peek() == ""


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ('""', ""),
        (r'"\u00e9\/"', "é/"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud83dx"', "�x"),
        ('"\u00a0\udcff"', "\u00a0�"),
        ('"' + r"\"" * 40 + '"', '"' * 40),
    ],
)
def test_reads_strings(text: str, string: str) -> None:
    assert tokens(text).string() == string


@pytest.mark.parametrize("text", ['"', '"\\', '"\\u1', '"\n"', '"\\x"'])
def test_refuses_what_is_no_string(text: str) -> None:
    with pytest.raises(GoError):
        tokens(text).string()


def test_a_number_ends_where_it_cannot_go_on() -> None:
    found = tokens("012")
    assert found.number() == "0"
    assert found.number() == "12"


def test_the_end_is_a_space_inside_a_token_only() -> None:
    assert tokens("").unexpected("here").go_text() == "unexpected end of JSON input"
    inside = tokens("").unexpected("here", is_in_token=True)
    assert inside.go_text() == "invalid character ' ' here"
