# SPDX-License-Identifier: Apache-2.0
"""Base64, base32 and hashes. What Go says to many more is in vectors/sprig_encodings.jsonl."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.functions.sprig.encodings import (
    adler32sum,
    b32dec,
    b64dec,
    b64enc,
    sha1sum,
    sha256sum,
    sha512sum,
)


@given(st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_base64_can_be_read_again(text: str) -> None:
    assert b64dec(b64enc(text)) == text


def test_what_is_wrong_becomes_the_value() -> None:
    assert b64dec("a!") == "illegal base64 data at input byte 1"
    assert b32dec(a_run(), "a!") == "illegal base32 data at input byte 0"


def test_hashes_are_of_bytes() -> None:
    assert sha1sum("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert sha256sum("a\udcff").startswith("8dd06b5ab6b5")
    assert sha512sum("x").startswith("a4abd4448c")
    assert adler32sum("hello") == "103547413"
