# SPDX-License-Identifier: Apache-2.0
"""AES as sprig has it; the errors were recorded from Go."""

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.crypto_aes import decrypt, encrypt


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1))
def test_decrypts_what_it_encrypts(password: str, plain: str) -> None:
    assert decrypt(a_run(), password, encrypt(a_run(), password, plain)) == plain


def test_decrypts_what_go_encrypted() -> None:
    secret = "U7hgq+FVNRzlSKahhvqlh3q154IbAjfkfTNZw6gYM7VJ2FZ9KEhtqgTvzf2WO1yN"
    assert decrypt(a_run(), "kf-canary-key", secret) == "kf-canary-plain ü"


def test_makes_nothing_of_nothing() -> None:
    assert encrypt(a_run(), "k", "") == decrypt(a_run(), "k", "") == ""


def test_cuts_long_passwords() -> None:
    secret = encrypt(a_run(), "k" * 40, "kf-canary-x")
    assert decrypt(a_run(), "k" * 32, secret) == "kf-canary-x"


def test_begins_with_other_bytes_each_time() -> None:
    run = a_run()
    assert encrypt(run, "k", "x") != encrypt(run, "k", "x")
    assert encrypt(a_run(), "k", "x") == encrypt(a_run(), "k", "x")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x", "illegal base64 data at input byte 0"),
        ("AAAA", "runtime error: slice bounds out of range [:16] with capacity 3"),
        ("A" * 22 + "==", "runtime error: index out of range [-1]"),
        ("A" * 23 + "=", "crypto/cipher: input not full blocks"),
        ("A" * 43 + "=", "runtime error: slice bounds out of range [:-19]"),
    ],
)
def test_says_what_go_says(text: str, error: str) -> None:
    with pytest.raises(GoError) as caught:
        decrypt(a_run(), "k", text)
    assert caught.value.go_text() == error


def test_announces_what_it_makes() -> None:
    with pytest.raises(BudgetError):
        encrypt(a_run(memory_bytes=1000), "k", "x" * 500)
    with pytest.raises(BudgetError):
        decrypt(a_run(memory_bytes=1000), "k", "A" * 1024)


@given(st.binary(max_size=50))
def test_raises_nothing_else(raw: bytes) -> None:
    for text in (b64encode(raw).decode(), raw.decode("utf-8", "surrogateescape")):
        with suppress(GoError):
            assert isinstance(decrypt(a_run(), "k", text), str)
