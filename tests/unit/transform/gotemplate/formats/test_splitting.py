# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formats.splitting import split
from keyfleet.transform.gotemplate.values import decoded, encoded, joined

strings = st.binary(max_size=20).map(decoded)


@given(strings, strings, st.integers(-1, 5))
def test_joining_the_pieces_gives_the_text_again(text: str, separator: str, limit: int) -> None:
    pieces = split(a_run(), text, separator, limit)
    if limit:
        assert encoded(joined(separator.join(pieces))) == encoded(text)
    assert limit < 0 or len(pieces) <= limit


@pytest.mark.parametrize(
    ("text", "separator", "limit", "pieces"),
    [
        ("a,b", ",", -1, ["a", "b"]),
        ("", ",", -1, [""]),
        ("", "", -1, []),
        ("aé", "", -1, ["a", "é"]),
        ("abc", "", 2, ["a", "bc"]),
        ("a,b,c", ",", 2, ["a", "b,c"]),
        ("a,b", ",", 0, []),
    ],
)
def test_splits_as_go_does(text: str, separator: str, limit: int, pieces: list[str]) -> None:
    assert split(a_run(), text, separator, limit) == pieces


def test_a_byte_may_part_a_character() -> None:
    assert split(a_run(), "é", decoded(b"\xa9")) == [decoded(b"\xc3"), ""]


@pytest.mark.parametrize("separator", [",", ""])
def test_counts_the_pieces_before_it_makes_them(separator: str) -> None:
    with pytest.raises(BudgetError):
        split(a_run(elements=10), "," * 11, separator)
