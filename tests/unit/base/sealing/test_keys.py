# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates: shown by fingerprint only, refused in constant words."""

from base64 import b64decode, b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.base.sealing.conftest import NOW

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import (
    KeyPair,
    SealingCertificate,
    SealingKey,
    load_certificate,
    load_key,
    make_key,
)
from keyfleet.base.secret import SecretValue
from keyfleet.testing.canary import canary


def test_a_pair_belongs_together(
    pair: KeyPair, key: SealingKey, certificate: SealingCertificate
) -> None:
    assert key.fingerprint == certificate.fingerprint
    assert pair.key.reveal().startswith(b"-----BEGIN RSA PRIVATE KEY-----\n")
    assert certificate.pem == pair.certificate
    assert (certificate.not_before, certificate.not_after) == (NOW, NOW + timedelta(days=3650))


def test_a_fingerprint_is_what_ssh_says(key: SealingKey) -> None:
    public = key.key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    told = b64encode(sha256(b64decode(public.split()[1])).digest()).decode().rstrip("=")
    assert key.fingerprint == f"SHA256:{told}"


def test_validity_and_expiry() -> None:
    pair = make_key(NOW, bits=1024, validity=timedelta(days=30), common_name="shop")
    found = load_certificate(pair.certificate)
    assert found.not_after == NOW + timedelta(days=30)
    assert not found.is_expired(NOW + timedelta(days=30))
    assert found.is_expired(NOW + timedelta(days=30, seconds=1))


def test_a_key_shows_nothing_of_itself(key: SealingKey) -> None:
    for text in (repr(key), str(key), f"{key}", repr([key])):
        assert "SealingKey(SHA256:" in text
        assert "RSAPrivateKey" not in text


@given(st.binary(max_size=80))
def test_what_is_no_key_is_refused_without_a_word_of_it(garbage: bytes) -> None:
    body = b"-----BEGIN RSA PRIVATE KEY-----\n%b\n-----END RSA PRIVATE KEY-----\n" % garbage
    for text in (garbage, body, canary("key") + body):
        with pytest.raises(InvalidInputError) as failure:
            load_key(SecretValue(text), "Secret kube-system/key")
        assert failure.value.code == "sealing.key"
        assert failure.value.subject == "Secret kube-system/key"
        assert failure.value.message in {
            "there is no private key in this",
            "the private key cannot be read",
        }
        assert failure.value.__context__ is None


@given(st.binary(max_size=80))
def test_what_is_no_certificate_is_refused_without_a_word_of_it(garbage: bytes) -> None:
    body = b"-----BEGIN CERTIFICATE-----\n%b\n-----END CERTIFICATE-----\n" % garbage
    for text in (garbage, body, canary("certificate") + body):
        with pytest.raises(InvalidInputError) as failure:
            load_certificate(text, "cert.pem")
        assert failure.value.code == "sealing.certificate"
        assert failure.value.__context__ is None


def test_a_hostile_text_takes_no_longer_than_another() -> None:
    begin = b"-----BEGIN RSA PRIVATE KEY-----\n"
    for piece in (begin, begin + b"a:b\n", b"a:b\n", b"-----BEGIN ", b"-", b"\n", b"a"):
        text = begin + piece * (1_000_000 // len(piece))
        with pytest.raises(InvalidInputError):
            load_key(SecretValue(text))
