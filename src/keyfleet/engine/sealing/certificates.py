# SPDX-License-Identifier: Apache-2.0
"""What is sealed with for a cluster: the certificate of its declaration, or of its newest key."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from keyfleet.base.errors import DeniedError, NotReadyError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import certificate_missing, declared_certificate, expired


class Certificates(Protocol):
    """The certificates of each cluster's newest sealing key."""

    async def heard(self, cluster: ClusterName, /) -> None:
        """Wait a moment until the keys of a cluster are known."""
        ...

    def certificate(self, cluster: ClusterName, /) -> SealingCertificate | None:
        """Return what to seal with for a cluster; None: it has no key.

        Raises:
            NotReadyError: The keys are not known.
            TemporaryError: The cluster is away.
        """
        ...


class NoCertificates:
    """Knows of no key."""

    async def heard(self, cluster: ClusterName, /) -> None:
        """Return at once."""

    def certificate(self, cluster: ClusterName, /) -> SealingCertificate | None:
        """Return that there is none."""
        del cluster
        return None


Newest = Callable[[], Awaitable[SealingCertificate | None]]


async def cluster_certificate(
    facts: ClusterFacts, newest: Newest, *, now: datetime
) -> SealingCertificate | Finding:
    """Return what targets are sealed with in a cluster, or why that cannot be said.

    Args:
        facts: The cluster; where its declaration says a certificate, nothing else is asked.
        newest: Returns the certificate of its newest key.
        now: The wall clock.

    Raises:
        KeyfleetError: The cluster does not answer.
    """
    found = declared_certificate(facts) or await _newest(facts, newest)
    return found if isinstance(found, Finding) else expired(facts, found, now) or found


async def _newest(facts: ClusterFacts, newest: Newest) -> SealingCertificate | Finding:
    try:
        found = await newest()
    except (NotReadyError, DeniedError) as error:
        return certificate_missing(facts, f"{error.message}; {error.hint}".removesuffix("; "))
    return found or certificate_missing(facts, "it has no sealing key that is in use")
