# SPDX-License-Identifier: Apache-2.0
"""What PKCS#12 files encrypt and authenticate with: passwords made into keys, and ciphers.

A file says itself how often a password is hashed. That is paid for before it is done: a hostile
file asks for two thousand million times.
Source: RFC 7292 (appendix B), RFC 8018.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.keys import der, rc2
from keyfleet.transform.gotemplate.run import Run

PBES2: Final = "1.2.840.113549.1.5.13"
PBKDF2: Final = "1.2.840.113549.1.5.12"
HMAC_SHA256: Final = "1.2.840.113549.2.9"
AES_256_CBC: Final = "2.16.840.1.101.3.4.1.42"
SHA256: Final = "2.16.840.1.101.3.4.2.1"

FOR_KEY, FOR_START, FOR_MAC = 1, 2, 3
"""What a key is derived for."""

_PER_STEP: Final = 25
"""Rounds of hashing that a step pays."""
_RC2_BYTES_PER_STEP: Final = 4
_REPLACEMENT: Final = {0xDC00 + byte: "\N{REPLACEMENT CHARACTER}" for byte in range(256)}

HASHES: Final[Mapping[str, str]] = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    SHA256: "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_HMACS: Final[Mapping[str, str]] = {
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.8": "sha224",
    HMAC_SHA256: "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
_AES_SIZES: Final[Mapping[str, int]] = {
    "2.16.840.1.101.3.4.1.2": 16,
    "2.16.840.1.101.3.4.1.22": 24,
    AES_256_CBC: 32,
}


class Password(NamedTuple):
    """A password in the two forms that are hashed."""

    wide: bytes
    """Two bytes for each character and two zeros at the end; nothing for no password."""
    plain: bytes
    """UTF-8."""


def password_of(text: str) -> Password:
    """Return the forms of a password.

    Raises:
        GoError: It has characters that do not fit in two bytes.
    """
    text = text.translate(_REPLACEMENT)
    if any(character > "\uffff" for character in text):
        raise GoError("pkcs12: string contains characters that cannot be encoded in UCS-2")
    return Password(f"{text}\0".encode("utf-16-be"), text.encode())


def cbc(algorithm: BlockCipherAlgorithm, start: bytes) -> Cipher[CBC]:
    """Return the cipher in the only mode that PKCS#12 knows."""
    return Cipher(algorithm, CBC(start))


def derived_pbkdf2(
    run: Run, hashing: str, password: bytes, salt: bytes, rounds: int, size: int
) -> bytes:
    """Return a key of PBKDF2."""
    blocks = -(-size // hashlib.new(hashing).digest_size)
    _pay(run, rounds * blocks, password + salt)
    return hashlib.pbkdf2_hmac(hashing, password, salt, rounds, size)


def derived(
    run: Run, hashing: str, password: bytes, salt: bytes, rounds: int, size: int, purpose: int
) -> bytes:
    """Return a key of PKCS#12's own way to make keys."""
    new: Callable[[bytes], hashlib._Hash] = getattr(hashlib, hashing)
    width = new(b"").block_size
    _pay(run, rounds * -(-size // new(b"").digest_size), password + salt)
    state = _filled(salt, width) + _filled(password, width)
    found = b""
    while True:
        block = new(bytes((purpose,)) * width + state).digest()
        for _ in range(rounds - 1):
            block = new(block).digest()
        found += block
        if len(found) >= size:
            return found[:size]
        state = _advanced(state, int.from_bytes(_filled(block, width)) + 1, width)


def _filled(raw: bytes, width: int) -> bytes:
    """Return the bytes repeated until they fill whole blocks."""
    size = -(-len(raw) // width) * width
    return (raw * (size // len(raw) + 1))[:size] if raw else b""


def _advanced(state: bytes, number: int, width: int) -> bytes:
    """Return every block of the state with the number added."""
    return b"".join(
        ((int.from_bytes(state[at : at + width]) + number) % (1 << 8 * width)).to_bytes(width)
        for at in range(0, len(state), width)
    )


def _pay(run: Run, rounds: int, hashed: bytes) -> None:
    if rounds < 1:
        raise der.DerError("not a number of rounds")
    run.step(rounds // _PER_STEP + len(hashed) // 64 + 1)


def decrypted(run: Run, algorithm: der.Element, raw: bytes, password: Password) -> bytes:
    """Return what is encrypted under a password.

    Args:
        run: Pays.
        algorithm: The AlgorithmIdentifier that stands with it.
        raw: What is encrypted.
        password: The password.

    Raises:
        GoError: The algorithm is not known, or the password is another.
    """
    name, *parameters = algorithm.children()
    if len(raw) % 8 or not raw:
        raise GoError("pkcs12: input is not a multiple of the block size")
    if name.oid() == PBES2:
        return _unpadded(_by_pbes2(run, parameters[0], raw, password))
    decrypt = _OLD_CIPHERS.get(name.oid())
    if decrypt is None:
        raise GoError("pkcs12: encryption algorithm ", Data(name.oid()), " is not supported")
    salt, rounds = parameters[0].children()
    size, decrypt_with = decrypt
    arguments = ("sha1", password.wide, salt.expect(der.OCTET_STRING), rounds.number())
    key = derived(run, *arguments, size, FOR_KEY)
    start = derived(run, *arguments, 8, FOR_START)
    return _unpadded(decrypt_with(run, key, start, raw))


def _by_pbes2(run: Run, parameters: der.Element, raw: bytes, password: Password) -> bytes:
    derivation, encryption = parameters.children()
    name, start = encryption.children()
    size = _AES_SIZES.get(name.oid())
    kind, how = derivation.children()
    if size is None or kind.oid() != PBKDF2:
        raise GoError("pkcs12: encryption scheme of PBES2 is not supported")
    salt, rounds, *others = how.children()
    hashing = "sha1"
    for other in others:
        if other.tag == der.SEQUENCE:
            hashing = _HMACS[other.children()[0].oid()]
    key = derived_pbkdf2(
        run, hashing, password.plain, salt.expect(der.OCTET_STRING), rounds.number(), size
    )
    return cbc(AES(key), start.expect(der.OCTET_STRING)).decryptor().update(raw)


def _triple_des(_: Run, key: bytes, start: bytes, raw: bytes) -> bytes:
    return cbc(TripleDES(key), start).decryptor().update(raw)


def _rc2(run: Run, key: bytes, start: bytes, raw: bytes) -> bytes:
    run.step(len(raw) // _RC2_BYTES_PER_STEP)
    return rc2.decrypted(key, start, raw)


_OLD_CIPHERS: Final[Mapping[str, tuple[int, Callable[[Run, bytes, bytes, bytes], bytes]]]] = {
    "1.2.840.113549.1.12.1.3": (24, _triple_des),
    "1.2.840.113549.1.12.1.5": (16, _rc2),
    "1.2.840.113549.1.12.1.6": (5, _rc2),
}


def _unpadded(plain: bytes) -> bytes:
    missing = plain[-1]
    if not 1 <= missing <= len(plain) or plain[-missing:] != bytes((missing,)) * missing:
        raise GoError("pkcs12: decryption error, incorrect padding")
    return plain[:-missing]
