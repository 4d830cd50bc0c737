# SPDX-License-Identifier: Apache-2.0
"""RC2 against the library, which knows it with keys of 128 bits only, and RFC 2268's examples."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import RC2
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.keys.rc2 import decrypted

BLOCKS = st.lists(st.binary(min_size=8, max_size=8), max_size=5).map(b"".join)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8), BLOCKS)
def test_decrypts_what_the_library_encrypts(key: bytes, start: bytes, plain: bytes) -> None:
    secret = Cipher(RC2(key), CBC(start)).encryptor().update(plain)
    assert decrypted(key, start, secret) == plain


@pytest.mark.parametrize(
    ("key", "plain", "secret"),
    [
        ("ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"),
        ("3000000000000000", "1000000000000001", "30649edf9be7d2c2"),
    ],
)
def test_decrypts_under_shorter_keys(key: str, plain: str, secret: str) -> None:
    found = decrypted(bytes.fromhex(key), bytes(8), bytes.fromhex(secret))
    assert found.hex() == plain
