# SPDX-License-Identifier: Apache-2.0
"""X.509 certificates, made and signed byte by byte as Go's `CreateCertificate` makes sprig's.

Written here because the library's builder refuses what Go signs: names longer than 64 characters,
as services have them, and certificates that are expired already, as tests want them.
Source: RFC 5280; docs/compat/go-templates.md 16.11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing
from keyfleet.transform.gotemplate.formats.keys.private_keys import PrivateKey, spki
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.values import encoded

_COMMON_NAME: Final = "2.5.4.3"
_SUBJECT_KEY_ID: Final = "2.5.29.14"
_KEY_USAGE: Final = "2.5.29.15"
_ALTERNATIVE_NAMES: Final = "2.5.29.17"
_BASIC_CONSTRAINTS: Final = "2.5.29.19"
_AUTHORITY_KEY_ID: Final = "2.5.29.35"
_EXTENDED_KEY_USAGE: Final = "2.5.29.37"
_SERVER_AND_CLIENT_AUTH: Final = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")
_SIGN_AND_ENCIPHER: Final = 0b1010_0000
_SIGN_CERTIFICATES: Final = 0b0000_0100
_DNS_NAME: Final = der.context(2, is_constructed=False)
_IP_ADDRESS: Final = der.context(7, is_constructed=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What a certificate shall say."""

    serial: int
    common_name: str
    valid_from: datetime
    """In UTC."""
    valid_for: timedelta
    ip_addresses: Sequence[IPv4Address | IPv6Address] = ()
    dns_names: Sequence[str] = ()
    is_ca: bool = False


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs it."""

    key: PrivateKey
    name: bytes
    """The subject of its certificate, encoded."""
    key_id: bytes = b""
    """Of its certificate; empty where that has none."""


def subject_of(common_name: str) -> bytes:
    """Return the name that consists of this common name, or of nothing."""
    if not common_name:
        return der.sequence()
    with refusing("asn1: string not valid UTF-8"):
        name = der.text(common_name)
    return der.sequence(der.set_of(der.sequence(der.oid(_COMMON_NAME), name)))


def signed(request: Request, key: PrivateKey, signer: Signer) -> bytes:
    """Return a certificate over the public half of a key.

    Raises:
        GoError: A name or a time cannot be written in one.
    """
    subject = subject_of(request.common_name)
    algorithm = _algorithm(signer.key)
    body = der.sequence(
        der.encode(der.context(0), der.integer(2)),
        der.integer(request.serial),
        algorithm,
        signer.name,
        _validity(request),
        subject,
        spki(key.public_key()),
        der.encode(der.context(3), der.sequence(*_extensions(request, key, signer, subject))),
    )
    with refusing("x509: cannot sign with this key"):
        return der.sequence(body, algorithm, der.bits(_signature(signer.key, body)))


def _validity(request: Request) -> bytes:
    try:
        end = request.valid_from + request.valid_for
    except OverflowError:
        raise GoError("cannot represent time as GeneralizedTime") from None
    return der.sequence(_time(request.valid_from), _time(end))


def _time(moment: datetime) -> bytes:
    if 1950 <= moment.year < 2050:
        return der.encode(der.UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode())
    return der.encode(der.GENERALIZED_TIME, f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode())


def _extensions(request: Request, key: PrivateKey, signer: Signer, subject: bytes) -> list[bytes]:
    usage = _SIGN_AND_ENCIPHER | (_SIGN_CERTIFICATES if request.is_ca else 0)
    purposes = (der.oid(purpose) for purpose in _SERVER_AND_CLIENT_AUTH)
    constraints = (der.encode(der.BOOLEAN, b"\xff"),) if request.is_ca else ()
    found = [
        _extension(_KEY_USAGE, der.bits(bytes((usage,)), unused=2 if request.is_ca else 5), True),
        _extension(_EXTENDED_KEY_USAGE, der.sequence(*purposes)),
        _extension(_BASIC_CONSTRAINTS, der.sequence(*constraints), True),
    ]
    if request.is_ca:
        found.append(_extension(_SUBJECT_KEY_ID, der.octets(key_id(key))))
    if signer.key_id and signer.name != subject:
        issuer = der.encode(der.context(0, is_constructed=False), signer.key_id)
        found.append(_extension(_AUTHORITY_KEY_ID, der.sequence(issuer)))
    if request.dns_names or request.ip_addresses:
        is_all = subject == der.sequence()  # then these names are all it says about whose it is
        found.append(_extension(_ALTERNATIVE_NAMES, _alternative_names(request), is_all))
    return found


def _extension(oid: str, content: bytes, is_critical: bool = False) -> bytes:
    critical = der.encode(der.BOOLEAN, b"\xff") if is_critical else b""
    return der.sequence(der.oid(oid), critical, der.octets(content))


def _alternative_names(request: Request) -> bytes:
    for name in request.dns_names:
        if not name.isascii():
            raise GoError("x509: ", Data(quoted(name)), " cannot be encoded as an IA5String")
    names = [(_DNS_NAME, encoded(name)) for name in request.dns_names]
    names += [(_IP_ADDRESS, address.packed) for address in request.ip_addresses]
    return der.sequence(*(der.encode(tag, raw) for tag, raw in names))


def key_id(key: PrivateKey) -> bytes:
    """Return the id that a CA's certificate gives its key: of the bits of the public half."""
    bits = der.read(spki(key.public_key())).children()[1].expect(der.BIT_STRING)
    return sha256(bits[1:]).digest()[:20]


_ECDSA_HASHES: Final = {
    384: ("1.2.840.10045.4.3.3", hashes.SHA384),
    521: ("1.2.840.10045.4.3.4", hashes.SHA512),
}
_ECDSA_WITH_SHA256: Final = ("1.2.840.10045.4.3.2", hashes.SHA256)


def _algorithm(key: PrivateKey) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return der.sequence(der.oid("1.2.840.113549.1.1.11"), der.null())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return der.sequence(der.oid(_ECDSA_HASHES.get(key.key_size, _ECDSA_WITH_SHA256)[0]))
    return der.sequence(der.oid("1.3.101.112"))


def _signature(key: PrivateKey, body: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        hashing = _ECDSA_HASHES.get(key.key_size, _ECDSA_WITH_SHA256)[1]
        return key.sign(body, ec.ECDSA(hashing()))
    return key.sign(body)
