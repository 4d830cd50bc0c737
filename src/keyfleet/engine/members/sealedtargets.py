# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets that were delivered to one cluster, and what they are sealed with."""

from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.members.sealedview import Ground, SealedView
from keyfleet.engine.members.targetwatch import Tell
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.sealing.certificates import Certificates, cluster_certificate
from keyfleet.model.carriers import CARRIER_LABEL
from keyfleet.model.ownership import Installation
from keyfleet.model.places import SEALED_SECRET, Place
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import not_served


class SealedTargets(SealedView):
    """Those in the cluster itself."""

    def __init__(
        self,
        ground: Ground,
        maker: WatchMaker,
        installation: Installation,
        *,
        labels: str,
        scopes: tuple[str, ...],
        tell: Tell,
        certificates: Certificates,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            ground: The cluster.
            maker: Makes the watches.
            installation: Who we are.
            labels: The selector of marked targets.
            scopes: The namespaces to watch, or `EVERYWHERE`.
            tell: Told the intents concerned when a target was changed by somebody else, or went.
            certificates: Of every cluster's newest key.
        """
        self._certificates = certificates
        # Carriers, which lie on the hub for other clusters, are not what was delivered there.
        own = f"{labels},!{CARRIER_LABEL}"
        super().__init__(
            SEALED_SECRET, ground, maker, installation, labels=own, scopes=scopes, tell=tell
        )

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""
        if not await self.open():
            return not_served(Place(self.facts.name, "", "", SEALED_SECRET))
        return await self.sealing_certificate()

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, wherever that is written, or why not."""
        return await cluster_certificate(self.facts, self._newest, now=self._maker.clock.now())

    async def _newest(self) -> SealingCertificate | None:
        await self._certificates.heard(self.facts.name)
        return self._certificates.certificate(self.facts.name)
