# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.encodings import (
    base32_decoded,
    base32_encoded,
    hexadecimal_decoded,
)
from keyfleet.transform.gotemplate.values import decoded

any_bytes = st.binary().map(decoded)


@given(any_bytes)
def test_base32_can_be_read_again(text: str) -> None:
    assert base32_decoded(a_run(), base32_encoded(a_run(), text)) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [("MF\nRGG===\r\n", "abc"), ("", ""), ("ME======A", "a"), ("MF======", "a")],
)
def test_base32_ignores_line_breaks_and_what_follows_a_padding(text: str, plain: str) -> None:
    assert base32_decoded(a_run(), text) == plain


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("ME=====", 7),
        ("M", 0),
        ("mfrgg===", 0),
        ("ME", 0),
        ("=====", 0),
        ("M=======", 1),
        ("MFA=====", 3),
        ("ME=A====", 2),
        ("MFRGGZDFME======MFRGGZDF", 10),
        ("MFRGGZDFMFRG\nGZD!", 15),
    ],
)
def test_base32_says_where_it_is_wrong(text: str, offset: int) -> None:
    with pytest.raises(GoError) as caught:
        base32_decoded(a_run(), text)
    assert caught.value.go_text() == f"illegal base32 data at input byte {offset}"


def test_base32_is_paid_by_the_character() -> None:
    with pytest.raises(BudgetError):
        base32_encoded(a_run(steps=10), "x" * 10_000)
    with pytest.raises(BudgetError):
        base32_decoded(a_run(steps=10), "A" * 10_000)


@given(st.text(max_size=20) | st.text("ABC234567=\n", max_size=20))
def test_any_text_is_base32_or_an_error(text: str) -> None:
    problem = ""
    try:
        base32_decoded(a_run(), text)
    except GoError as error:
        problem = error.go_text()
    assert not problem or problem.startswith("illegal base32 data at input byte ")


@given(st.binary())
def test_hexadecimal_can_be_read_again(raw: bytes) -> None:
    assert hexadecimal_decoded(raw.hex()) == decoded(raw)
    assert hexadecimal_decoded(raw.hex().upper()) == decoded(raw)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("abc", "encoding/hex: odd length hex string"),
        ("az", "encoding/hex: invalid byte: U+007A 'z'"),
        ("abz", "encoding/hex: invalid byte: U+007A 'z'"),
        ("a b ", "encoding/hex: invalid byte: U+0020 ' '"),
        ("a\n", "encoding/hex: invalid byte: U+000A"),
        ("é0", "encoding/hex: invalid byte: U+00C3 'Ã'"),
    ],
)
def test_hexadecimal_names_the_first_wrong_byte(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        hexadecimal_decoded(text)
    assert caught.value.go_text() == problem
