# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import (
    a_certificate,
    an_ec_key,
    an_rsa_key,
    certificate_pem,
    pem_of,
)
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.eso.keys import decrypt, private_pem, public_pem
from keyfleet.transform.gotemplate.values import decoded

X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # of RFC 8037
D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
PUBLIC = f'{{"kty":"OKP","crv":"Ed25519","x":"{X}"}}'
PRIVATE = f'{{"kty":"OKP","crv":"Ed25519","x":"{X}","d":"{D}"}}'


def test_writes_json_web_keys_in_pem() -> None:
    public, private = public_pem(a_run(), PUBLIC), private_pem(a_run(), PRIVATE)
    assert public == (
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n"
    )
    key = load_pem_private_key(private.encode(), None)
    assert key.public_key() == load_pem_public_key(public.encode())


KEY = pem_of(an_rsa_key())
HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "SHA1": hashes.SHA1,
    "SHA256": hashes.SHA256,
    "SHA512": hashes.SHA512,
    "x": hashes.SHA256,
}


def encrypted(kind: Callable[[], hashes.HashAlgorithm], plain: bytes) -> str:
    padding = OAEP(mgf=MGF1(kind()), algorithm=kind(), label=None)
    return decoded(an_rsa_key().public_key().encrypt(plain, padding))


@pytest.mark.parametrize("hashing", HASHES)
def test_decrypts_what_the_library_encrypts(hashing: str) -> None:
    for plain in ("", "kf-canary-ü", "\udcff"):
        secret = encrypted(HASHES[hashing], plain.encode("utf-8", "surrogateescape"))
        assert decrypt(a_run(), "RSA-OAEP", hashing, secret, KEY) == plain


def test_passes_on_what_is_not_encrypted() -> None:
    assert decrypt(a_run(), "None", "", "kf-canary-x", "") == "kf-canary-x"


@pytest.mark.parametrize(
    ("scheme", "key", "error"),
    [
        ("none", KEY, "decryption scheme none is not supported"),
        ("RSA-OAEP", "", "failed to decode PEM block"),
        (
            "RSA-OAEP",
            certificate_pem(a_certificate()),
            "could not parse private key: unable to parse private key type",
        ),
        ("RSA-OAEP", pem_of(an_ec_key()), "could not parse RSA private key"),
        ("RSA-OAEP", KEY, "error decrypting data with RSA: crypto/rsa: decryption error"),
    ],
)
def test_says_why_it_does_not_decrypt(scheme: str, key: str, error: str) -> None:
    with pytest.raises(GoError) as caught:
        decrypt(a_run(), scheme, "SHA256", "kf-canary-x", key)
    assert caught.value.go_text() == error


def test_pays_before_it_decrypts() -> None:
    with pytest.raises(BudgetError):
        decrypt(a_run(steps=200), "RSA-OAEP", "", "x", KEY)


@given(st.binary(max_size=300))
def test_raises_nothing_else(raw: bytes) -> None:
    for secret in (decoded(raw), decoded(raw.ljust(256))):
        with pytest.raises(GoError):
            decrypt(a_run(), "RSA-OAEP", "SHA1", secret, KEY)
