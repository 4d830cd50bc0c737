# SPDX-License-Identifier: Apache-2.0
"""PKCS#12 files: the private key and the certificates in them.

Read here and not by a library, because what must be bounded (how often a password is hashed) may
itself stand in an encrypted part.
Source: RFC 7292; docs/compat/go-templates.md 17.
"""

import hmac
from dataclasses import dataclass, field
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.certificates import Certificate, parse
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing
from keyfleet.transform.gotemplate.formats.keys.pkcs12_encryption import (
    FOR_MAC,
    HASHES,
    Password,
    decrypted,
    derived,
    password_of,
)
from keyfleet.transform.gotemplate.formats.keys.private_keys import PrivateKey, from_pkcs8
from keyfleet.transform.gotemplate.run import Run

DATA: Final = "1.2.840.113549.1.7.1"
ENCRYPTED_DATA: Final = "1.2.840.113549.1.7.6"
KEY_BAG: Final = "1.2.840.113549.1.12.10.1.1"
SHROUDED_KEY_BAG: Final = "1.2.840.113549.1.12.10.1.2"
CERTIFICATE_BAG: Final = "1.2.840.113549.1.12.10.1.3"
X509: Final = "1.2.840.113549.1.9.22.1"

_MOST_BYTES: Final = 4 << 20
_MOST_BAGS: Final = 10_000
"""At most, in each of so many parts at most."""
_IN_PARTS: Final = der.context(0, is_constructed=True)
_AT_ONCE: Final = der.context(0, is_constructed=False)


@dataclass(slots=True)
class Contents:
    """What a file holds, in its order."""

    keys: list[PrivateKey] = field(default_factory=list, repr=False)
    certificates: list[Certificate] = field(default_factory=list)


def read(run: Run, raw: bytes, password: str) -> tuple[PrivateKey, list[Certificate]]:
    """Return the private key of a file and its certificates.

    Raises:
        GoError: It is malformed, has another password, or one of both is missing.
    """
    wanted = password_of(password)
    with refusing("pkcs12: error reading P12 data: asn1: structure error"):
        found = _contents(run, raw, wanted)
    if not found.certificates:
        raise GoError("pkcs12: certificate missing")
    if not found.keys:
        raise GoError("pkcs12: private key missing")
    if len(found.keys) > 1:
        raise GoError("pkcs12: expected exactly one key bag")
    return found.keys[0], found.certificates


def _contents(run: Run, raw: bytes, password: Password) -> Contents:
    if len(raw) > _MOST_BYTES:
        raise GoError("pkcs12: error reading P12 data: too long")
    if not raw:
        raise GoError("pkcs12: error reading P12 data: asn1: syntax error: sequence truncated")
    version, safe, *mac = der.read(raw).children()
    if version.number() != 3:
        raise GoError("pkcs12: can only decode v3 PFX PDU's")
    kind, holder = safe.children()
    if kind.oid() != DATA:
        raise GoError("pkcs12: only password-protected PFX is implemented")
    content = der.read(holder.expect(_IN_PARTS)).expect(der.OCTET_STRING)
    if not mac:
        raise GoError("pkcs12: no MAC in data")
    password = _verified(run, mac[0], content, password)
    found = Contents()
    for part in der.read(content).children(most=_MOST_BAGS):
        _open(run, part, password, found)
    return found


def _verified(run: Run, mac: der.Element, content: bytes, password: Password) -> Password:
    """Return the password with which the content is authentic: an empty one has two forms."""
    for candidate in (password, Password(b"", b"")) if not password.plain else (password,):
        if _is_authentic(run, mac, content, candidate):
            return candidate
    raise GoError("pkcs12: decryption password incorrect")


def _is_authentic(run: Run, mac: der.Element, content: bytes, password: Password) -> bool:
    info, salt, *rounds = mac.children()
    algorithm, digest = info.children()
    name = algorithm.children()[0].oid()
    hashing = HASHES.get(name)
    if hashing is None:
        raise GoError("pkcs12: unknown digest algorithm: ", Data(name))
    wanted = digest.expect(der.OCTET_STRING)
    times = rounds[0].number() if rounds else 1
    size = hmac.new(b"", digestmod=hashing).digest_size
    key = derived(run, hashing, password.wide, salt.expect(der.OCTET_STRING), times, size, FOR_MAC)
    return hmac.compare_digest(hmac.digest(key, content, hashing), wanted)


def _open(run: Run, part: der.Element, password: Password, found: Contents) -> None:
    """Add what one part of the file holds, which may be encrypted as a whole."""
    run.step()
    kind, holder = part.children()
    inside = der.read(holder.expect(_IN_PARTS))
    if kind.oid() == DATA:
        bags = inside.expect(der.OCTET_STRING)
    elif kind.oid() == ENCRYPTED_DATA:
        _, encrypted = inside.children()
        _, algorithm, secret = encrypted.children()
        bags = decrypted(run, algorithm, _implicit(secret), password)
    else:
        raise GoError("pkcs12: only data and encryptedData content types are supported")
    for bag in der.read(bags).children(most=_MOST_BAGS):
        _take(run, bag, password, found)


def _implicit(secret: der.Element) -> bytes:
    """Return an OCTET STRING under the tag [0], written at once or in parts."""
    if secret.tag == _AT_ONCE:
        return secret.content
    return b"".join(
        part.expect(der.OCTET_STRING) for part in secret.children(_IN_PARTS, most=_MOST_BAGS)
    )


def _take(run: Run, bag: der.Element, password: Password, found: Contents) -> None:
    run.step()
    kind, holder, *_ = bag.children()
    inside = der.read(holder.expect(_IN_PARTS))
    name = kind.oid()
    if name == CERTIFICATE_BAG:
        form, value = inside.children()
        if form.oid() != X509:
            raise GoError("pkcs12: only X509 certificates are supported")
        raw = der.read(value.expect(_IN_PARTS)).expect(der.OCTET_STRING)
        found.certificates.append(parse(run, raw))
    elif name == SHROUDED_KEY_BAG:
        algorithm, secret = inside.children()
        raw = decrypted(run, algorithm, secret.expect(der.OCTET_STRING), password)
        found.keys.append(from_pkcs8(run, raw))
    elif name == KEY_BAG:
        found.keys.append(from_pkcs8(run, der.encode(inside.tag, inside.content)))
