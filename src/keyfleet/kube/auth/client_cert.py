# SPDX-License-Identifier: Apache-2.0
"""A client certificate and its key, written in the kubeconfig or kept in files that may rotate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyfleet.base.clock import Clock
from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.files import read_field
from keyfleet.kube.memfile import check_client_certificate

CHECKED_S = 1.0
"""Seconds for which files that were just read are not read again."""


@dataclass(frozen=True, slots=True)
class CertificateSource:
    """Where certificate and key come from: bytes of PEM, or the path of a file."""

    certificate: bytes | Path
    key: bytes | Path = field(repr=False)
    subject: str = ""
    """Context and kubeconfig, for error texts."""

    @property
    def rotates(self) -> bool:
        """Whether a file is part of it."""
        return isinstance(self.certificate, Path) or isinstance(self.key, Path)

    def read(self) -> ClientCertificate:
        """Return both, checked to belong together.

        Raises:
            InvalidInputError: A file is unreadable, or the pair cannot be used.
        """
        pair = ClientCertificate(
            self._pem(self.certificate, "client-certificate"), self._pem(self.key, "client-key")
        )
        check_client_certificate(pair, subject=self.subject)
        return pair

    def _pem(self, part: bytes | Path, name: str) -> bytes:
        return part if isinstance(part, bytes) else read_field(part, name, subject=self.subject)


class ClientCert:
    """Present a client certificate; follow its files.

    A pair that cannot be used right now, such as a new certificate beside the old key in the middle
    of a rotation, leaves the previous pair in use.
    """

    def __init__(self, source: CertificateSource, clock: Clock) -> None:
        """Read and check the pair; `InvalidInputError` when it is unusable from the start."""
        self._source = source
        self._clock = clock
        self._pair = source.read()
        self._read_at = clock.monotonic()

    async def headers(self) -> Mapping[str, str]:
        """Return none."""
        return {}

    async def certificate(self) -> ClientCertificate | None:
        """Return the pair, equal to the previous one unless its files changed."""
        if self._source.rotates and self._clock.monotonic() - self._read_at >= CHECKED_S:
            self._reread()
        return self._pair

    async def rejected(self) -> bool:
        """Read the files again; True when they changed."""
        refused = self._pair
        if self._source.rotates:
            self._reread()
        return self._pair != refused

    def _reread(self) -> None:
        self._read_at = self._clock.monotonic()
        try:
            pair = self._source.read()
        except InvalidInputError:
            return
        if pair != self._pair:
            self._pair = pair
