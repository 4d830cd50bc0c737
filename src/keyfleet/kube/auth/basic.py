# SPDX-License-Identifier: Apache-2.0
"""User name and password, for the few servers and proxies that still accept them."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth import header


@dataclass(frozen=True, slots=True)
class Basic:
    """Present a user name and a password."""

    user: str
    password: SecretValue

    async def headers(self) -> Mapping[str, str]:
        """Return the header of HTTP basic authentication."""
        return header.basic(self.user, self.password)

    async def certificate(self) -> ClientCertificate | None:
        """Return none."""
        return None

    async def rejected(self) -> bool:
        """Return False: the same password would be refused again."""
        return False
