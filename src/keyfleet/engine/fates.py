# SPDX-License-Identifier: Apache-2.0
"""What becomes of a marked target that no intent wants where it is; for `why`."""

from collections.abc import Iterable, Mapping

from keyfleet.engine.deletion.confirm import Confirmations, Grounds
from keyfleet.engine.deletion.holds import held
from keyfleet.kube.client import Client
from keyfleet.model.held import HeldPlan
from keyfleet.model.ownership import Claim, Holding, Installation, Marker
from keyfleet.model.places import ClusterFacts
from keyfleet.model.plan import Finding
from keyfleet.plan.breaker import held_finding
from keyfleet.plugin import Dialect


class Fates:
    """Answers from the hub as it is now, as the controller would."""

    def __init__(
        self,
        hub: Client,
        installation: Installation,
        dialects: Iterable[Dialect],
        crd_uids: Mapping[str, str],
        plans: Iterable[HeldPlan] = (),
        grounds: Grounds = lambda _cluster, _kind: None,
    ) -> None:
        """Prepare.

        Args:
            hub: Asked whether an intent is really gone.
            installation: Who we are.
            dialects: Who understands which kinds.
            crd_uids: UID of the CRD by kind, where the hub serves it.
            plans: Deletions that wait for a person.
            grounds: The members, asked about manifests that were found there.
        """
        self._confirmations = Confirmations(hub, installation.hub, grounds)
        self._kinds = {
            kind.resource.kind: (dialect, kind) for dialect in dialects for kind in dialect.kinds
        }
        self._crd_uids = crd_uids
        self._plans = {
            (target.cluster_uid, target.namespace, target.name): plan
            for plan in plans
            if not plan.begun
            for target in plan.targets
        }

    async def tell(self, holding: Holding, cluster: ClusterFacts) -> str:
        """Return what becomes of a target, empty where it is none of ours."""
        marker = holding.marker
        if marker is None or not holding.is_ours:
            return ""
        if marker.released:
            return "left in place on purpose (Retain); its declaration may take it again"
        if holding.claim is Claim.UNSIGNED or not marker.intent_uid:
            return "delivered once by `keyfleet apply`: nothing keeps it true, nothing deletes it"
        if plan := self._plans.get((marker.cluster, marker.namespace, marker.name)):
            return f"nothing wants it here any more; {held_finding(plan).advice} ({plan.reason})"
        if hold := await self._hold(marker, cluster):
            return f"nothing wants it here any more; {hold.message} ({hold.reason})"
        verb = "deletes" if marker.deletion_policy == "Delete" else "lets go of"
        return f"nothing wants it here any more; the controller {verb} it"

    async def _hold(self, marker: Marker, cluster: ClusterFacts) -> Finding | None:
        found = self._kinds.get(marker.kind)
        if found is None:
            return held("KindUnknown", f"{marker.kind} is not a kind this version knows")
        uid = self._crd_uids.get(marker.kind, "")
        if marker.crd and uid and marker.crd != uid:
            return held("KindReplaced", f"it was made under another {marker.kind} CRD")
        name = marker.cluster_name
        if name and not cluster.answers_to(name):
            return held("ClusterRenamed", f"the cluster was called {name} then")
        objection = await self._confirmations.objection(marker.intent, *found)
        # A declaration that lives and has left the place lets the target go.
        return None if objection and objection.reason == "IntentExists" else objection
