# SPDX-License-Identifier: Apache-2.0
"""The way to a cluster that nobody connects to: it leads nowhere, and says so before it begins."""

from collections.abc import Mapping

from keyfleet.base.errors import DeniedError
from keyfleet.kube.access import Access, ClientCertificate, Endpoint

AGENT_ONLY_ERROR = "cluster.agent_only"


class NoCredential:
    """Refuses every request before a connection is opened."""

    async def headers(self) -> Mapping[str, str]:
        """Refuse.

        Raises:
            DeniedError: `cluster.agent_only`, always.
        """
        raise agent_only_error()

    async def certificate(self) -> ClientCertificate | None:
        """Refuse.

        Raises:
            DeniedError: `cluster.agent_only`, always.
        """
        raise agent_only_error()

    async def rejected(self) -> bool:
        """Nothing is ever sent, so nothing is rejected."""
        return False


def agent_only_error() -> DeniedError:
    """Return why a request to such a cluster is not sent."""
    return DeniedError(
        "cluster.agent_only",
        "it is declared with agent: true, and nobody connects to it",
        hint="deliver to it with spec.delivery {kind: SealedSecret, via: Hub}",
    )


NOWHERE = Access(Endpoint("https://agent.invalid"), NoCredential())


async def open_nowhere() -> Access:
    """Return an access by which nothing is ever sent."""
    return NOWHERE
