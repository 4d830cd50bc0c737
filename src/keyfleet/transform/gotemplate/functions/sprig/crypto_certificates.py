# SPDX-License-Identifier: Apache-2.0
"""Sprig's certificates: authorities, what they sign, and what signs itself.

Source: docs/compat/go-templates.md 16.11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.base64 import decode_standard
from keyfleet.transform.gotemplate.formats.keys import certificates, pem
from keyfleet.transform.gotemplate.formats.keys.certificate_making import (
    Request,
    Signer,
    key_id,
    signed,
    subject_of,
)
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.formats.keys.private_keys import PrivateKey, pay_for_use
from keyfleet.transform.gotemplate.functions.sprig.crypto_keys import key_of, new_rsa, text_of
from keyfleet.transform.gotemplate.functions.table import INT, LIST, STRING, Table, struct
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoObject, decoded, encoded, length, wrapped

CERTIFICATES = Table()

_BITS: Final = 2048
_DAY_NS: Final = 24 * 60 * 60 * 10**9
_MOST_NAMES: Final = 1000
_NAMES_PER_STEP: Final = 4
_BYTES_PER_STEP: Final = 256


@dataclass(frozen=True, slots=True, repr=False)
class Certificate(GoObject):
    """A certificate and its private key, both in PEM."""

    go_type: ClassVar[str] = "sprig.certificate"
    certificate: str
    key: str

    def fields(self) -> Mapping[str, Any]:
        """Return the fields."""
        return {"Cert": self.certificate, "Key": self.key}


CERTIFICATE = struct(Certificate)


@CERTIFICATES.function("genCA", params=(STRING, INT), run=True)
def generate_ca(run: Run, common_name: str, days: int) -> Certificate:
    """Return a new authority."""
    return _self_signed(run, _request(run, common_name, days, is_ca=True), new_rsa(run, _BITS))


@CERTIFICATES.function("genCAWithKey", params=(STRING, INT, STRING), run=True)
def generate_ca_with_key(run: Run, common_name: str, days: int, key: str) -> Certificate:
    """Return an authority with this key."""
    given = _given(run, key)
    return _self_signed(run, _request(run, common_name, days, is_ca=True), given)


@CERTIFICATES.function("genSelfSignedCert", params=(STRING, LIST, LIST, INT), run=True)
def generate_self_signed(
    run: Run, common_name: str, ips: list[Any], names: list[Any], days: int
) -> Certificate:
    """Return a new certificate that signs itself."""
    return _self_signed(run, _request(run, common_name, days, ips, names), new_rsa(run, _BITS))


@CERTIFICATES.function(
    "genSelfSignedCertWithKey", params=(STRING, LIST, LIST, INT, STRING), run=True
)
def generate_self_signed_with_key(
    run: Run, common_name: str, ips: list[Any], names: list[Any], days: int, key: str
) -> Certificate:
    """Return a certificate with this key that signs itself."""
    given = _given(run, key)
    return _self_signed(run, _request(run, common_name, days, ips, names), given)


@CERTIFICATES.function("genSignedCert", params=(STRING, LIST, LIST, INT, CERTIFICATE), run=True)
def generate_signed(
    run: Run, common_name: str, ips: list[Any], names: list[Any], days: int, ca: Certificate
) -> Certificate:
    """Return a new certificate that the authority signs."""
    request = _request(run, common_name, days, ips, names)
    return _signed(run, request, new_rsa(run, _BITS), _signer(run, ca))


@CERTIFICATES.function(
    "genSignedCertWithKey", params=(STRING, LIST, LIST, INT, CERTIFICATE, STRING), run=True
)
def generate_signed_with_key(
    run: Run, common_name: str, ips: list[Any], names: list[Any], days: int, ca: Certificate,
    key: str,
) -> Certificate:  # fmt: skip
    """Return a certificate with this key that the authority signs."""
    given = _given(run, key)
    return _signed(run, _request(run, common_name, days, ips, names), given, _signer(run, ca))


@CERTIFICATES.function("buildCustomCert", params=(STRING, STRING), run=True)
def build_custom(run: Run, certificate: str, key: str) -> Certificate:
    """Return a certificate and a key that were given in base64."""
    found = Certificate(_from_base64(certificate, "certificate"), _from_base64(key, "private key"))
    _certificate_of(run, found)
    with within("error parsing private key: "):
        key_of(run, found.key)
    return found


def _from_base64(text: str, what: str) -> str:
    try:
        return decoded(decode_standard(text))
    except GoError:
        raise GoError(f"unable to decode base64 {what}") from None


def _given(run: Run, key: str) -> PrivateKey:
    with within("parsing private key: "):
        return key_of(run, key)


def _request(
    run: Run,
    common_name: str,
    days: int,
    ips: Sequence[Any] = (),
    names: Sequence[Any] = (),
    *,
    is_ca: bool = False,
) -> Request:
    if max(len(ips), len(names)) > _MOST_NAMES:
        raise GoError("error creating certificate: too many names")
    run.step((len(ips) + len(names)) // _NAMES_PER_STEP + length(common_name) // _BYTES_PER_STEP)
    return Request(
        serial=int.from_bytes(run.random.randbytes(16)),
        common_name=common_name,
        valid_from=run.now().replace(microsecond=0),
        valid_for=timedelta(microseconds=wrapped(days * _DAY_NS) // 1000),
        ip_addresses=[_address(run, item) for item in ips],
        dns_names=[_dns_name(run, item) for item in names],
        is_ca=is_ca,
    )


def _address(run: Run, item: Any) -> IPv4Address | IPv6Address:
    if not isinstance(item, str):
        raise GoError("error parsing ip: ", Data(printed(item, run)), " is not a string")
    try:
        address = ip_address(item)
    except ValueError:
        raise GoError("error parsing ip: ", Data(item)) from None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise GoError("error parsing ip: ", Data(item))
        return address.ipv4_mapped or address
    return address


def _dns_name(run: Run, item: Any) -> str:
    if not isinstance(item, str):
        raise GoError(
            "error processing alternate dns name: ", Data(printed(item, run)), " is not a string"
        )
    return item


def _self_signed(run: Run, request: Request, key: PrivateKey) -> Certificate:
    with within("error creating certificate: "):
        name = subject_of(request.common_name)
    signer = Signer(key, name, key_id(key) if request.is_ca else b"")
    return _signed(run, request, key, signer)


def _signed(run: Run, request: Request, key: PrivateKey, signer: Signer) -> Certificate:
    pay_for_use(run, signer.key)
    with within("error creating certificate: "):
        raw = signed(request, key, signer)
    text = pem.encoded(pem.Block(certificates.KIND, raw))
    return Certificate(decoded(text), text_of(key))


def _signer(run: Run, ca: Certificate) -> Signer:
    found = _certificate_of(run, ca)
    with within("error parsing private key: "):
        key = key_of(run, ca.key)
    with refusing("error creating certificate: x509: unsupported public key"):
        if key.public_key() != found.parsed.public_key():
            raise GoError(
                "error creating certificate: "
                "x509: provided PrivateKey doesn't match parent's PublicKey"
            )
        return Signer(key, certificates.subject_of(found.raw), found.key_id)


def _certificate_of(run: Run, pair: Certificate) -> certificates.Certificate:
    block, _ = pem.next_block(run, encoded(pair.certificate))
    if block is None:
        raise GoError("unable to decode certificate")
    with within("error parsing certificate: decodedCert.Bytes: "):
        return certificates.parse(run, block.body)
