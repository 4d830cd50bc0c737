# SPDX-License-Identifier: Apache-2.0
"""From a change to the keys that wait in lanes: what is due, and in which clusters."""

from collections.abc import Iterable
from typing import Protocol

from keyfleet.engine.core import Core
from keyfleet.engine.entry import Entry
from keyfleet.engine.sightings import Sight
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.stores import StoreRef


class Sources(Protocol):
    """Watched objects of a cluster; the hub or a member."""

    def source_version(self, ref: SecretRef) -> str | None:
        """Return its resourceVersion; empty: absent; None: not known."""
        ...


class Due:
    """Queues keys."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # One intent.

    def concerned(self, key: IntentKey) -> set[ClusterName]:
        """Return the clusters that an intent means, or where something is marked as its."""
        intent = self._core.intents.get(key)
        return {
            entry.name
            for entry in self._core.fleet.concerning(key)
            if (intent is not None and intent.targets.clusters.matches(entry.facts))
            or (entry.member is not None and entry.member.owns_for(key))
        }

    def queue(self, key: IntentKey, clusters: Iterable[ClusterName]) -> None:
        """Run a key soon in these clusters, because of a change that happened now."""
        for name in clusters:
            entry = self._core.fleet.get(name)
            if entry is not None:
                self._core.worker.propagation.began(key, name)
                entry.lane.add_now(key)

    def everywhere(self, key: IntentKey) -> None:
        """Run a key wherever it concerns a cluster."""
        self.queue(key, self.concerned(key))

    def afresh(self, key: IntentKey) -> None:
        """Read an intent's sources again, and run its key wherever it concerns a cluster."""
        self._core.readings.rounds.drop(key)
        self.everywhere(key)

    def all_afresh(self, keys: Iterable[IntentKey]) -> None:
        """Read the sources of some intents again."""
        for key in keys:
            self.afresh(key)

    def wake(self, lane: tuple[ClusterName, IntentKey]) -> None:
        """Run a key again in one cluster."""
        entry = self._core.fleet.get(lane[0])
        if entry is not None:
            entry.lane.add_now(lane[1])

    def heirs(self, before: Intent | None, clusters: Iterable[ClusterName]) -> None:
        """Look again at targets that were left to an heir which does not want them any more.

        Args:
            before: The heir, as it was before it changed or went; None: it is new.
            clusters: Where it wanted something then.
        """
        core = self._core
        after = core.intents.get(before.key) if before else None
        if before is None or (after is not None and after.targets == before.targets):
            return
        for entry in filter(None, map(core.fleet.get, clusters)):
            owners = entry.member.owners_of(before.targets.name) if entry.member else set()
            for key in owners - {before.key}:
                entry.lane.add(key)

    # Many intents.

    def object_changed(self, refs: Iterable[SecretRef], ref: SecretRef, at: Sources) -> None:
        """Queue who reads an object that may be another by now.

        Args:
            refs: The object, under each name of its cluster.
            ref: The object, under the name by which its versions are remembered.
            at: Where it is.
        """
        refs = list(refs)
        self.source_changed(refs, self._look(refs, ref, at))

    def source_changed(self, refs: Iterable[SecretRef | StoreRef], sight: Sight) -> None:
        """Queue who reads an object, a store or a generator of which something was seen."""
        core = self._core
        for key in core.intents.reading(refs):
            intent = core.intents.get(key)
            if intent is not None and sight is Sight.CHANGED:
                core.readings.refreshing.stir(intent)
            elif intent is not None and sight is Sight.FIRST:
                core.readings.refreshing.met(intent)
            self.afresh(key)

    def readers_of(self, clusters: set[ClusterName]) -> None:
        """Queue whoever reads anything of clusters with these names."""
        for intent in self._core.intents:
            if any(read.ref.cluster in clusters for read in intent.all_reads):
                self.afresh(intent.key)

    def everything(self) -> None:
        """Decide everything again."""
        core = self._core
        for entry in core.fleet:
            if entry.member is None:
                continue
            wanting = [intent.key for intent in core.intents.meaning(entry.facts)]
            for key in {*wanting, *entry.member.owners()}:
                entry.lane.add(key)
        for intent in core.intents:
            core.statuses.changed(intent.key)

    def release(self, entry: Entry) -> None:
        """Queue what waited for a cluster as a source."""
        for key in self._core.readings.released(entry):
            self.everywhere(key)

    def release_for_hub(self) -> None:
        """Queue what waited for the hub as a source."""
        for key in self._core.readings.released_by_hub():
            self.everywhere(key)

    def _look(self, refs: Iterable[SecretRef], ref: SecretRef, at: Sources) -> Sight:
        """Return what is new about an object, if anybody reads it who rests between refreshes."""
        intents = self._core.intents
        readers = map(intents.get, intents.reading(refs))
        if not any(intent is not None and intent.refresh is not None for intent in readers):
            return Sight.SAME
        found = at.source_version(ref)
        return Sight.CHANGED if found is None else self._core.sightings.see(ref, found)
