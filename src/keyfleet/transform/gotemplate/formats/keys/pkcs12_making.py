# SPDX-License-Identifier: Apache-2.0
"""PKCS#12 files, made as the newest of them are: AES-256 and SHA-256, for keys or for trust.

Written here because the library refuses an empty password, which External Secrets uses by default.
Source: RFC 7292; docs/compat/go-templates.md 17.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha1
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import AES256

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.certificates import Certificate, subject_of
from keyfleet.transform.gotemplate.formats.keys.distinguished_names import name_text
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing
from keyfleet.transform.gotemplate.formats.keys.pkcs12 import (
    CERTIFICATE_BAG,
    DATA,
    ENCRYPTED_DATA,
    SHROUDED_KEY_BAG,
    X509,
)
from keyfleet.transform.gotemplate.formats.keys.pkcs12_encryption import (
    AES_256_CBC,
    FOR_MAC,
    HMAC_SHA256,
    PBES2,
    PBKDF2,
    SHA256,
    Password,
    cbc,
    derived,
    derived_pbkdf2,
    password_of,
)
from keyfleet.transform.gotemplate.formats.keys.private_keys import PrivateKey, pkcs8
from keyfleet.transform.gotemplate.run import Run

_FRIENDLY_NAME: Final = "1.2.840.113549.1.9.20"
_LOCAL_KEY_ID: Final = "1.2.840.113549.1.9.21"
_JAVA_TRUSTS: Final = "2.16.840.1.113894.746875.1.1"
_ANY_USE: Final = "2.5.29.37.0"
_ROUNDS: Final = 2048
_SALT: Final = 16
_BLOCK: Final = 16


def key_store(
    run: Run, key: PrivateKey, certificates: Sequence[Certificate], password: str
) -> bytes:
    """Return a file with a private key, its certificate and those above it.

    Raises:
        GoError: The password cannot be written.
    """
    secret = password_of(password)
    name = _local_key_id(certificates[0])
    bags = [_bag(certificates[0], name), *(_bag(other) for other in certificates[1:])]
    shrouded = der.sequence(*_encrypted(run, pkcs8(key), secret, as_octets=True))
    key_bag = der.sequence(der.oid(SHROUDED_KEY_BAG), _explicit(shrouded), der.set_of(name))
    return assembled(run, (_part(run, bags, secret), _data(der.sequence(key_bag))), secret)


def trust_store(run: Run, certificates: Sequence[Certificate], password: str) -> bytes:
    """Return a file with certificates that Java takes as trusted.

    Raises:
        GoError: The password or a certificate's subject cannot be written.
    """
    secret = password_of(password)
    trusts = _attribute(_JAVA_TRUSTS, der.oid(_ANY_USE))
    bags = [_bag(found, trusts, _friendly_name(found)) for found in certificates]
    return assembled(run, (_part(run, bags, secret),), secret)


def assembled(run: Run, parts: Sequence[bytes], password: Password) -> bytes:
    """Return a file of these parts, authenticated by the password."""
    content = der.sequence(*parts)
    salt = run.random.randbytes(_SALT)
    key = derived(run, "sha256", password.wide, salt, _ROUNDS, 32, FOR_MAC)
    digest = hmac.digest(key, content, "sha256")
    info = der.sequence(der.sequence(der.oid(SHA256)), der.octets(digest))
    mac = der.sequence(info, der.octets(salt), der.integer(_ROUNDS))
    return der.sequence(der.integer(3), _data(content), mac)


def _data(content: bytes) -> bytes:
    return der.sequence(der.oid(DATA), _explicit(der.octets(content)))


def _part(run: Run, bags: Sequence[bytes], password: Password) -> bytes:
    """Return bags that are encrypted together."""
    info = der.sequence(der.oid(DATA), *_encrypted(run, der.sequence(*bags), password))
    encrypted = der.sequence(der.integer(0), info)
    return der.sequence(der.oid(ENCRYPTED_DATA), _explicit(encrypted))


def _encrypted(
    run: Run, plain: bytes, password: Password, *, as_octets: bool = False
) -> tuple[bytes, bytes]:
    """Return the algorithm and what it makes of the bytes, under the tag [0] or as octets."""
    salt, start = run.random.randbytes(_SALT), run.random.randbytes(_BLOCK)
    key = derived_pbkdf2(run, "sha256", password.plain, salt, _ROUNDS, 32)
    missing = _BLOCK - len(plain) % _BLOCK
    raw = cbc(AES256(key), start).encryptor().update(plain + bytes((missing,)) * missing)
    hashing = der.sequence(der.oid(HMAC_SHA256))
    how = der.sequence(der.octets(salt), der.integer(_ROUNDS), hashing)
    derivation = der.sequence(der.oid(PBKDF2), how)
    encryption = der.sequence(der.oid(AES_256_CBC), der.octets(start))
    algorithm = der.sequence(der.oid(PBES2), der.sequence(derivation, encryption))
    tag = der.OCTET_STRING if as_octets else der.context(0, is_constructed=False)
    return algorithm, der.encode(tag, raw)


def _bag(certificate: Certificate, *attributes: bytes) -> bytes:
    value = der.sequence(der.oid(X509), _explicit(der.octets(certificate.raw)))
    said = der.encode(der.SET, *attributes)
    return der.sequence(der.oid(CERTIFICATE_BAG), _explicit(value), said)


def _explicit(content: bytes) -> bytes:
    return der.encode(der.context(0), content)


def _attribute(name: str, value: bytes) -> bytes:
    return der.sequence(der.oid(name), der.set_of(value))


def _local_key_id(certificate: Certificate) -> bytes:
    digest = sha1(certificate.raw, usedforsecurity=False).digest()
    return _attribute(_LOCAL_KEY_ID, der.octets(digest))


def _friendly_name(certificate: Certificate) -> bytes:
    with refusing("x509: malformed subject"):
        name = name_text(subject_of(certificate.raw))
    if any(character > "\uffff" for character in name):
        raise GoError("pkcs12: string contains characters that cannot be encoded in UCS-2")
    return _attribute(_FRIENDLY_NAME, der.encode(der.BMP_STRING, name.encode("utf-16-be")))
