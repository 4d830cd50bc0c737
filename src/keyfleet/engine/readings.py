# SPDX-License-Identifier: Apache-2.0
"""What intents read: when, from whom, which revision it is, and who waits for a source."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import SystemRandom

from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.deletion.confirm import identity_doubt
from keyfleet.engine.entry import Entry
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hubobjects import HUB
from keyfleet.engine.parts import Parts
from keyfleet.engine.refreshing import Refreshing
from keyfleet.engine.resolving import Resolving
from keyfleet.engine.revisions import Revisions
from keyfleet.engine.rounds import Rounds
from keyfleet.engine.sealing.fleetkeys import FleetKeys
from keyfleet.engine.shaping import Shaped, Surroundings, shape_intent
from keyfleet.engine.stores.reading import Stores
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.ownership import Marker
from keyfleet.model.places import ClusterName, IntentKey, NamespaceFacts
from keyfleet.transform.rendition import Chance


class Readings:
    """Reads and shapes for all lanes."""

    def __init__(
        self,
        parts: Parts,
        declared: Everywhere,
        fleet: Fleet,
        stores: Stores,
        *,
        resolving: Resolving,
        keys: FleetKeys,
        due: Callable[[IntentKey], None],
    ) -> None:
        """Start with nothing read.

        Args:
            parts: What the engine is made of.
            declared: The manifests, of the hub and of members.
            fleet: The clusters.
            stores: Reads what is in stores.
            resolving: Finds the clusters of sources.
            keys: The sealing keys of clusters.
            due: Runs a key again everywhere, since its stores are to be asked again.
        """
        self.rounds = Rounds(self._shape, parts.clock)
        self.revisions = Revisions(self._markers)
        self.refreshing = Refreshing(parts.clock, due)
        self._parts = parts
        self._declared = declared
        self._fleet = fleet
        self._stores = stores
        self._resolving = resolving
        self._keys = keys
        self._waiting_for: dict[ClusterName, set[IntentKey]] = {}

    def forget(self, key: IntentKey) -> None:
        """Drop what is remembered of an intent that is gone."""
        self.rounds.drop(key)
        self.revisions.forget(key)
        self.refreshing.forget(key)
        self._stores.forget(key)

    # Who waits.

    def wait(self, intent: Intent) -> None:
        """Remember an intent until one of its clusters answers again."""
        for read in intent.all_reads:
            self._waiting_for.setdefault(read.ref.cluster, set()).add(intent.key)

    def released_by_hub(self) -> set[IntentKey]:
        """Return the intents that waited for the hub as a source."""
        return self._waiting_for.pop(HUB, set())

    def released(self, entry: Entry) -> set[IntentKey]:
        """Return the intents that waited for this cluster as a source."""
        names = [ClusterName(name) for name in (entry.name, *entry.facts.aliases)]
        if entry.facts.is_hub:
            names.append(HUB)
        return {key for name in names for key in self._waiting_for.pop(name, set())}

    def is_watched(self, intent: Intent) -> bool:
        """Tell whether a change of each source will be heard of: it may be readable only."""
        return all(map(self._is_ref_watched, intent.refs))

    def _is_ref_watched(self, ref: SecretRef) -> bool:
        entry = self._fleet.get(ref.cluster) if ref.cluster else None
        if entry is None or entry.is_hub or entry.member is None:
            return self._declared.hub.is_watching(ref)
        return entry.member.is_watching(ref)

    # One reading.

    async def _shape(self, intent: Intent) -> Shaped:
        began = self._parts.clock.now()
        self.refreshing.begin(intent)
        shaped = replace(await shape_intent(intent, self._surroundings()), read_at=began)
        source = intent.reads[0].ref.cluster
        found = self._resolving.find(source) if shaped.is_source_gone else None
        doubt = await identity_doubt(*found) if found else None
        return replace(shaped, finding=doubt, is_source_gone=False) if doubt else shaped

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            installation=self._parts.installation,
            policies=self._declared.hub.policies,
            sources=self._parts.sources,
            resolve=self._resolving.find,
            revise=partial(self.revisions.revise, began=self._parts.clock.monotonic()),
            crd_uid=self._declared.crd_uid,
            domain=self._parts.domain,
            facts_of=self._resolving.facts_of,
            chance=Chance(self._parts.clock.now, SystemRandom()),
            stores=self._stores,
            keys=self._keys.keyset,
            keys_heard=self._keys.heard,
            namespace_of=self._namespace_of,
        )

    def _namespace_of(self, key: IntentKey) -> NamespaceFacts:
        found = self._declared.namespace(key)
        return found or NamespaceFacts(key.namespace, is_seen=False)

    def _markers(self, key: IntentKey) -> list[Marker]:
        members = [entry.member for entry in self._fleet if entry.member is not None]
        return [marker for member in members for marker in member.markers(key)]
