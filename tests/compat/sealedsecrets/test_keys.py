# SPDX-License-Identifier: Apache-2.0
"""Both take the same private keys, however they are written, and refuse the same."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.compat.sealedsecrets.conftest import Party
from tests.compat.sealedsecrets.crafting import PKCS8, block, numbers_of, pem_of, pkcs1

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import load_key
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle

LOCKED = serialization.BestAvailableEncryption(b"password")
EC = ec.generate_private_key(ec.SECP256R1())
BROKEN = block("RSA PRIVATE KEY", b"\0\0\0")
NUMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"]


def theirs(oracle: SealedSecretsOracle, pem: str) -> str | None:
    """Return the fingerprint of the key that upstream's code loads; None: it loads none."""
    answer = oracle.ask("key", keys=[pem])
    return None if "error" in answer else answer["fingerprint"]


def ours(pem: str) -> str | None:
    """Return the fingerprint of the key that our code loads; None: it loads none."""
    try:
        return load_key(SecretValue(pem.encode())).fingerprint
    except InvalidInputError as error:
        return None if error.__context__ is None else "the error keeps another"


@pytest.fixture(scope="session")
def good(party: Party) -> rsa.RSAPrivateKey:
    return party.key.key


@pytest.mark.parametrize("bits", [1024, 1025, 1030, 2048, 3072])
@pytest.mark.parametrize("exponent", [3, 65537])
def test_sizes_and_exponents(oracle: SealedSecretsOracle, bits: int, exponent: int) -> None:
    key = rsa.generate_private_key(exponent, bits)
    for pem in (pem_of(key), pem_of(key, PKCS8)):
        assert ours(pem) == theirs(oracle, pem) is not None


def ways_to_write(pem: str) -> dict[str, str]:
    first, *body, last = pem.splitlines()
    return {
        "text around": f"a text\n  and more:\n{pem}the end\n",
        "windows' line ends": pem.replace("\n", "\r\n"),
        "no line end": pem.rstrip(),
        "one line": f"{first}\n{''.join(body)}\n{last}",
        "an empty line": f"{first}\n\n{pem.removeprefix(first)}",
        "spaces at line ends": pem.replace("\n", " \t \n"),
        "spaces within": pem.replace("MII", "M I\tI", 1),
        "headers": pem.replace("-----\n", "-----\nA-Name: a-text\nOther:\n\n", 1),
        "after a certificate": block("CERTIFICATE", b"anything") + pem,
        "after parameters": block("EC PARAMETERS", b"anything") + pem,
        "after one that is broken": BROKEN + pem,
        "after one that is open": pem.partition("-----END")[0] + pem,
        "before an elliptic one": pem + pem_of(EC),
        "before another": pem + pem_of(rsa.generate_private_key(65537, 2048)),
    }


def test_ways_to_write_a_key(
    oracle: SealedSecretsOracle, good: rsa.RSAPrivateKey, party: Party
) -> None:
    for pem in (pem_of(good), pem_of(good, PKCS8)):
        ways = ways_to_write(pem)
        wanted = dict.fromkeys(ways, party.certificate.fingerprint)
        assert {way: ours(text) for way, text in ways.items()} == wanted
        assert {way: theirs(oracle, text) for way, text in ways.items()} == wanted


def no_keys(key: rsa.RSAPrivateKey) -> dict[str, str]:
    pem, pkcs8 = pem_of(key), pem_of(key, PKCS8)
    der = base64.b64decode("".join(pem.splitlines()[1:-1]))
    return {
        "nothing": "",
        "garbage": "no key\0\xff",
        "an elliptic key": pem_of(EC),
        "an elliptic key in PKCS #8": pem_of(EC, PKCS8),
        "an Edwards key": pem_of(ed25519.Ed25519PrivateKey.generate(), PKCS8),
        "an elliptic key first": pem_of(EC) + pem,
        "encrypted": pem_of(key, encryption=LOCKED),
        "encrypted PKCS #8": pem_of(key, PKCS8, LOCKED),
        "OpenSSH's form": pem_of(key, serialization.PrivateFormat.OpenSSH),
        "a public key": key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "PKCS #8 by the other name": pkcs8.replace("PRIVATE", "RSA PRIVATE"),
        "PKCS #1 by the other name": pem.replace("RSA PRIVATE", "PRIVATE"),
        "bytes after it": block("RSA PRIVATE KEY", der + b"\0"),
        "cut": block("RSA PRIVATE KEY", der[:-7]),
        "indented": pem.replace("\n", "\n  "),
        "in a line": f"key: {pem}",
        "small letters": pem.replace("RSA PRIVATE KEY", "rsa private key"),
        "no line ends": pem.replace("\n", ""),
        "open": pem.partition("-----END")[0],
        "two names": pem.replace("END RSA ", "END "),
    }


def test_what_is_no_key(oracle: SealedSecretsOracle, good: rsa.RSAPrivateKey) -> None:
    texts = no_keys(good)
    wanted = dict.fromkeys(texts)
    assert {what: ours(text) for what, text in texts.items()} == wanted
    assert {what: theirs(oracle, text) for what, text in texts.items()} == wanted


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_do_not_fit(
    oracle: SealedSecretsOracle, good: rsa.RSAPrivateKey, number: str
) -> None:
    numbers = numbers_of(good)
    place = NUMBERS.index(number)
    was = numbers[place]
    for wrong in (0, 1, was - 2, was - 1, was + 1, was + 2, 2 * was):
        numbers[place] = wrong
        assert ours(pkcs1(numbers)) is theirs(oracle, pkcs1(numbers)) is None


def test_numbers_that_fit_one_another_but_not_upstream(
    oracle: SealedSecretsOracle, good: rsa.RSAPrivateKey
) -> None:
    n, e, d, p, q, dp, dq, qi = numbers_of(good)
    for numbers in (
        [n, e, d, q, p, dp, dq, qi],
        [n, e, d + (p - 1) * (q - 1), p, q, dp, dq, qi],
        [n, e, d, p, q, dp + p - 1, dq, qi],
        [n, e, d, p, q, dp, dq, qi + p],
    ):
        assert ours(pkcs1(numbers)) is theirs(oracle, pkcs1(numbers)) is None
