# SPDX-License-Identifier: Apache-2.0
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.pkcs12_encryption import (
    AES_256_CBC,
    FOR_KEY,
    FOR_START,
    HMAC_SHA256,
    PBES2,
    PBKDF2,
    Password,
    decrypted,
    derived,
    derived_pbkdf2,
    password_of,
)

SALT = bytes.fromhex("0A58CF64530D823F")


@pytest.mark.parametrize(
    ("purpose", "size", "key"),
    [
        (FOR_KEY, 24, "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"),
        (FOR_START, 8, "79993DFE048D3B76"),
    ],
)
def test_derives_keys_as_the_standard_does(purpose: int, size: int, key: str) -> None:
    found = derived(a_run(), "sha1", password_of("smeg").wide, SALT, 1, size, purpose)
    assert found.hex().upper() == key


def test_knows_passwords_in_two_forms() -> None:
    assert password_of("aé") == Password(b"\0a\0\xe9\0\0", "aé".encode())
    assert password_of("") == Password(b"\0\0", b"")
    assert password_of("\udcff\udc80").plain == "\ufffd\ufffd".encode()
    with pytest.raises(GoError) as caught:
        password_of("kf-canary-😀")
    assert "kf-canary" not in str(caught.value.parts)


@given(st.binary(max_size=20), st.integers(min_value=1, max_value=50))
def test_derives_with_the_function_of_the_newer_standard(password: bytes, rounds: int) -> None:
    found = derived_pbkdf2(a_run(), "sha256", password, SALT, rounds, 40)
    assert found == hashlib.pbkdf2_hmac("sha256", password, SALT, rounds, 40)


@pytest.mark.parametrize("rounds", [1 << 31, 1 << 62, 10_000_000])
def test_refuses_to_hash_without_end(rounds: int) -> None:
    with pytest.raises(BudgetError):
        derived_pbkdf2(a_run(), "sha256", b"p", SALT, rounds, 32)
    with pytest.raises(BudgetError):
        derived(a_run(), "sha1", b"p", SALT, rounds, 24, FOR_KEY)


@pytest.mark.parametrize("rounds", [0, -1])
def test_refuses_to_hash_less_than_once(rounds: int) -> None:
    with pytest.raises(der.DerError):
        derived_pbkdf2(a_run(), "sha256", b"p", SALT, rounds, 32)


def algorithm(oid: str, *parameters: bytes) -> der.Element:
    return der.read(der.sequence(der.oid(oid), *parameters))


def old(oid: str, rounds: int = 1) -> der.Element:
    return algorithm(oid, der.sequence(der.octets(SALT), der.integer(rounds)))


def new(rounds: int, cipher: str = AES_256_CBC) -> der.Element:
    hashing = der.sequence(der.oid(HMAC_SHA256), der.null())
    how = der.sequence(der.octets(SALT), der.integer(rounds), hashing)
    derivation = der.sequence(der.oid(PBKDF2), how)
    encryption = der.sequence(der.oid(cipher), der.octets(bytes(16)))
    return algorithm(PBES2, der.sequence(derivation, encryption))


@pytest.mark.parametrize("rounds", [1 << 31, 1 << 40])
def test_refuses_to_decrypt_what_asks_for_too_much(rounds: int) -> None:
    for how in (old("1.2.840.113549.1.12.1.3", rounds), new(rounds)):
        with pytest.raises(BudgetError):
            decrypted(a_run(), how, bytes(16), password_of("p"))


def test_pays_for_the_cipher_that_is_slow() -> None:
    with pytest.raises(BudgetError):
        decrypted(a_run(), old("1.2.840.113549.1.12.1.6"), bytes(8 << 16), password_of("p"))


@pytest.mark.parametrize(
    ("how", "raw", "text"),
    [
        (new(1), b"", "pkcs12: input is not a multiple of the block size"),
        (new(1), bytes(15), "pkcs12: input is not a multiple of the block size"),
        (new(1), bytes(16), "pkcs12: decryption error, incorrect padding"),
        (new(1, "1.2.3"), bytes(16), "pkcs12: encryption scheme of PBES2 is not supported"),
        (old("1.2.3"), bytes(16), "pkcs12: encryption algorithm 1.2.3 is not supported"),
    ],
)
def test_refuses_what_it_cannot_decrypt(how: der.Element, raw: bytes, text: str) -> None:
    with pytest.raises(GoError) as caught:
        decrypted(a_run(), how, raw, password_of("p"))
    assert caught.value.go_text() == text
