# SPDX-License-Identifier: Apache-2.0
"""A bearer token that never changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.header import bearer


@dataclass(frozen=True, slots=True)
class StaticToken:
    """Present the token written in a kubeconfig."""

    token: SecretValue

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header."""
        return bearer(self.token)

    async def certificate(self) -> ClientCertificate | None:
        """Return none."""
        return None

    async def rejected(self) -> bool:
        """Return False: the same token would be refused again."""
        return False
