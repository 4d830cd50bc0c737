# SPDX-License-Identifier: Apache-2.0
"""A cluster that nobody connects to: all that is known of it are its carriers on the hub."""

from collections.abc import Mapping

from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.members.member import Member
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.engine.views import GLANCE, Look
from keyfleet.kube.informer import Informer
from keyfleet.kube.nowhere import agent_only_error
from keyfleet.kube.objects import Metadata
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import certificate_missing, declared_certificate, expired


class AgentMember(Member):
    """Watches nothing in the cluster; what would be asked there is refused."""

    async def start(self) -> None:
        """Watch the carriers, where the hub serves their kind.

        Raises:
            KeyfleetError: They cannot be listed.
        """
        await self.carriers.open()
        self.is_ready = True

    async def is_rewound(self) -> bool:
        """Nothing was ever seen of the cluster itself."""
        return False

    def watch_age_s(self) -> float:
        """Return how long ago the watch of the carriers was last heard."""
        return super().watch_age_s() if self._informers() else 0.0

    def is_blind_for(self, intent: Intent) -> bool:
        """Tell whether the intent's namespaces cannot be told: only names are known."""
        return not intent.targets.namespaces.is_by_name

    @property
    def sees_namespaces(self) -> bool:
        """Nobody lists them, so none is known to be absent."""
        return False

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces that are named; they are taken to exist.

        Raises:
            DeniedError: The matcher names none.
        """
        if not intent.targets.namespaces.is_by_name:
            raise agent_only_error()
        names = intent.targets.namespaces.names
        return {name: NamespaceFacts(name, is_seen=False) for name in names}

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; it is taken to exist."""
        return NamespaceFacts(name, is_seen=False)

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        """Refuse: nobody looks there.

        Raises:
            DeniedError: Always.
        """
        raise agent_only_error()

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, or why nothing can be."""
        return await self.sealing_certificate()

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what its declaration says to seal with, or why nothing can be."""
        facts = self.facts
        found = declared_certificate(facts)
        if found is None:
            return certificate_missing(facts, "nobody connects to it to ask for one")
        if isinstance(found, Finding):
            return found
        return expired(facts, found, self._clock.now()) or found

    async def _read(self, spot: Spot, intent: IntentKey, look: Look) -> Actual | None:
        raise agent_only_error()

    def _informers(self) -> list[Informer[Metadata] | ScopedWatch]:
        return list(self.carriers.informers())
