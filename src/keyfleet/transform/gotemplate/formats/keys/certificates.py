# SPDX-License-Identifier: Apache-2.0
"""X.509 certificates as Go reads them, and their order in a chain.

Source: docs/compat/go-templates.md 17.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

from cryptography import x509

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.keys import der, pem
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing
from keyfleet.transform.gotemplate.run import Run

KIND: Final = b"CERTIFICATE"
_STEPS: Final = 8
"""What reading a certificate and its extensions costs, and once more for each KiB."""
_MOST_BYTES: Final = 256 << 10

E = TypeVar("E", bound=x509.ExtensionType)


class Certificate(NamedTuple):
    """A certificate, and what decides about its place in a chain."""

    raw: bytes
    parsed: x509.Certificate
    key_id: bytes
    """Subject key identifier; empty if there is none."""
    authority_id: bytes
    """Authority key identifier, likewise."""

    @property
    def is_root(self) -> bool:
        """Tell whether it names nobody else as its issuer."""
        return self.authority_id in (b"", self.key_id)


def parse(run: Run, raw: bytes) -> Certificate:
    """Read one.

    Raises:
        GoError: It is none.
    """
    run.step(_STEPS * (1 + len(raw) // 1024))
    with refusing("x509: malformed certificate"):
        if len(raw) > _MOST_BYTES or der.read(raw).tag != der.SEQUENCE:
            raise GoError("x509: malformed certificate")
    with refusing("x509: malformed tbs certificate"):
        found = x509.load_der_x509_certificate(raw)
        key_id = extension(found, x509.SubjectKeyIdentifier)
        authority = extension(found, x509.AuthorityKeyIdentifier)
        return Certificate(
            raw,
            found,
            key_id.digest if key_id else b"",
            authority.key_identifier or b"" if authority else b"",
        )


def subject_of(raw: bytes) -> bytes:
    """Return a certificate's subject, as it is encoded.

    Raises:
        DerError: It is no certificate.
    """
    has_version, *_ = parts = der.read(raw).children()[0].children()
    subject = parts[5 if has_version.tag == der.context(0) else 4]
    return der.encode(subject.tag, subject.content)


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """Return an extension of a certificate, None if it has none of the kind."""
    for found in certificate.extensions:
        if isinstance(found.value, kind):
            return found.value
    return None


def chain_of(certificates: Sequence[Certificate]) -> list[Certificate]:
    """Return the certificates from the leaf up, each followed by its issuer.

    Raises:
        GoError: They are no single chain.
    """
    parents = _parents([c.key_id for c in certificates], [c.authority_id for c in certificates])
    leaves = set(range(len(certificates))).difference(parents)
    if not leaves:
        raise GoError("no leaf certificate found")
    if len(leaves) > 1:
        raise GoError("found multiple leaf or disjunct certificates")
    chain: list[Certificate] = []
    at: int | None = leaves.pop()
    while at is not None:
        if len(chain) == len(certificates):
            raise GoError("constructing chain resulted in cycle")
        chain.append(certificates[at])
        at = parents[at]
    return chain


def _parents(key_ids: list[bytes], authority_ids: list[bytes]) -> list[int | None]:
    """Return for each the first other one whose key it names as its authority's."""
    holders = defaultdict[bytes, list[int]](list)
    for index, key_id in enumerate(key_ids):
        holders[key_id].append(index)
    return [
        next((holder for holder in holders.get(wanted, [])[:2] if holder != index), None)
        for index, wanted in enumerate(authority_ids)
    ]


def text_of(certificates: Sequence[Certificate]) -> bytes:
    """Return them as PEM blocks in a row."""
    return b"".join(pem.encoded(pem.Block(KIND, found.raw)) for found in certificates)
