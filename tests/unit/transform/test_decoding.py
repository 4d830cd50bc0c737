# SPDX-License-Identifier: Apache-2.0
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.decoding import Decoding
from keyfleet.transform.decoding import undone


@given(st.binary())
def test_undoes_what_was_encoded(value: bytes) -> None:
    assert undone(b64encode(value), Decoding.BASE64) == value
    assert undone(urlsafe_b64encode(value), Decoding.BASE64_URL) == value
    assert undone(b64encode(value), Decoding.AUTO) == value
    assert undone(urlsafe_b64encode(value), Decoding.AUTO) == value
    assert undone(value, Decoding.NONE) == value


@given(st.binary())
def test_auto_always_gives_something(value: bytes) -> None:
    assert undone(value, Decoding.AUTO) is not None


@pytest.mark.parametrize(
    ("text", "standard", "for_urls"),
    [
        (b"", b"", b""),
        (b"cGFz\r\ncw==\n", b"pass", b"pass"),
        (b"+/+/", b"\xfb\xff\xbf", None),
        (b"-_-_", None, b"\xfb\xff\xbf"),
        (b"+_+_", None, None),
        (b"cGFzcw", None, None),
        (b"cGFzcw=", None, None),
        (b"cGFz cw==", None, None),
        (b"cGFzcw==cGFz", None, None),
        (b"====", None, None),
        (b"cGFzc===", None, None),
        ("p\u00e4ss".encode(), None, None),
    ],
)
def test_takes_only_the_alphabet_with_padding(
    text: bytes, standard: bytes | None, for_urls: bytes | None
) -> None:
    assert undone(text, Decoding.BASE64) == standard
    assert undone(text, Decoding.BASE64_URL) == for_urls


def test_auto_decodes_what_only_looks_encoded_and_leaves_the_rest() -> None:
    assert undone(b"password", Decoding.AUTO) == b"\xa5\xab,\xc2\x8a\xdd"
    assert undone(b"pass word", Decoding.AUTO) == b"pass word"
