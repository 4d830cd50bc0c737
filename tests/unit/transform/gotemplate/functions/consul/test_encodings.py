# SPDX-License-Identifier: Apache-2.0
import hashlib

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.playing import consul, problem

from keyfleet.transform.gotemplate.functions.consul.encodings import ENCODINGS
from keyfleet.transform.gotemplate.values import decoded

strings = st.binary(max_size=50).map(decoded)


@given(strings)
def test_decodes_what_it_encoded(text: str) -> None:
    for form in ("base64", "base64URL"):
        there, back = ENCODINGS[f"{form}Encode"].call, ENCODINGS[f"{form}Decode"].call
        assert back(there(text)) == text


def test_the_two_alphabets_differ() -> None:
    assert consul('base64Encode "a?>"') == "YT8+"
    assert consul('base64URLEncode "a?>"') == "YT8-"


def test_names_the_decoder_in_its_errors() -> None:
    text = "illegal base64 data at input byte"
    assert problem(consul, 'base64Decode "YQ"').endswith(f": base64Decode: {text} 0")
    assert problem(consul, 'base64URLDecode "YT8+"').endswith(f": base64URLDecode: {text} 3")


def test_hashes_are_lower_hexadecimal() -> None:
    assert consul('sha256Hex "a"') == hashlib.sha256(b"a").hexdigest()
    assert consul('md5sum ""') == "d41d8cd98f00b204e9800998ecf8427e"
    assert consul('hmacSHA256Hex "" ""').startswith("b613679a")
