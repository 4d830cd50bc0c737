# SPDX-License-Identifier: Apache-2.0
"""Base64 as Go reads it; the positions of errors were recorded from Go."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.base64 import decode_standard, decode_url, standard


@given(st.binary())
def test_reads_what_it_writes_wherever_lines_break(raw: bytes) -> None:
    text = standard(raw)
    assert decode_standard("\r\n".join(text)) == raw


@given(st.binary())
def test_reads_the_other_alphabet_without_padding(raw: bytes) -> None:
    text = urlsafe_b64encode(raw)
    assert decode_url(text.rstrip(b"="), is_padded=False) == raw
    assert decode_url(text) == raw


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("x", 0),
        ("=", 0),
        ("a=", 1),
        ("ab", 0),
        ("abc", 0),
        ("abcde", 4),
        ("ab=", 3),
        ("ab=\n", 4),
        ("ab=a", 2),
        ("ab==x", 4),
        ("abc=\n=", 5),
        ("ab c", 2),
        ("é", 0),
        ("a_b=", 1),
    ],
)
def test_says_at_which_byte_it_is_something_else(text: str, at: int) -> None:
    with pytest.raises(GoError) as caught:
        decode_standard(text)
    assert caught.value.go_text() == f"illegal base64 data at input byte {at}"


@pytest.mark.parametrize("text", ["a", "ab=", "ab==", "a+bc"])
def test_refuses_padding_where_there_shall_be_none(text: str) -> None:
    with pytest.raises(GoError):
        decode_url(text, is_padded=False)


@given(st.text())
def test_raises_nothing_else(text: str) -> None:
    for decode in (decode_standard, decode_url):
        try:
            assert isinstance(decode(text.encode("utf-8", "surrogatepass")), bytes)
        except GoError:
            continue
