# SPDX-License-Identifier: Apache-2.0
"""What the engine does when a member changes, or comes and goes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from keyfleet.engine.core import Core
from keyfleet.engine.due import Due
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.engine.hubobjects import HUB
from keyfleet.engine.intentchanges import IntentChanges
from keyfleet.engine.members.member import Member
from keyfleet.engine.resolving import hub_words
from keyfleet.engine.storechanges import reads_stores
from keyfleet.engine.watched import Watched
from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterName, IntentKey, NamespaceFacts

PARTING_S = 5.0
"""How long a cluster that is let go may take to be told the last statuses of its manifests."""


class FleetChanges(FleetEvents):
    """Queues what a change of a member concerns."""

    def __init__(
        self,
        core: Core,
        due: Due,
        watched: Watched,
        *,
        intents: IntentChanges,
        kind_gone: Callable[[str, ClusterName], None],
    ) -> None:
        """Prepare.

        Args:
            core: What the engine works with.
            due: Queues keys.
            watched: The watches of sources.
            intents: Which intents look at namespaces.
            kind_gone: Called for each kind that was declared in a member that is let go.
        """
        self._core = core
        self._due = due
        self._watched = watched
        self._intents = intents
        self._kind_gone = kind_gone

    # What is in a member.

    def target_changed(
        self, member: Member, intents: set[IntentKey], spot: tuple[str, str]
    ) -> None:
        """Repair drift: queue who owns the target and who would like to."""
        core = self._core
        entry = core.fleet.get(member.facts.name)
        if entry is None:
            return
        core.clusters.counted(entry)
        wanting = core.intents.wanting(member.facts, _namespace(member, spot[0]), spot[1])
        for key in {*intents, *(intent.key for intent in wanting)}:
            entry.lane.add(key)

    def namespace_changed(
        self, member: Member, old: NamespaceFacts | None, new: NamespaceFacts | None
    ) -> None:
        """Queue the intents for which the namespace began or ceased to be a target."""
        core = self._core
        entry = core.fleet.get(member.facts.name)
        changed = [facts for facts in (old, new) if facts is not None]
        if entry is None:
            return
        name = changed[0].name if changed else ""
        core.parents.namespaces_changed(entry.name)
        is_only_noted = len(changed) > 1 and _is_same_but_annotations(*changed)
        for intent in core.intents.meaning_namespace(member.facts, name):
            if is_only_noted and not self._intents.looks_at_namespaces(intent):
                continue
            if intent.key.namespace == name and reads_stores(intent):
                # A store may be for namespaces with some labels: what was read before is old.
                core.readings.rounds.drop(intent.key)
            if any(intent.targets.namespaces.matches(facts) for facts in changed):
                entry.lane.add(intent.key)

    def source_changed(self, member: Member, ref: SecretRef) -> None:
        """Queue the intents that read this Secret of a member."""
        names = {ref.cluster, member.facts.name, *map(ClusterName, member.facts.aliases)}
        refs = [replace(ref, cluster=name) for name in names]
        for one in refs:
            self._core.stores.object_changed(one)
        self._due.object_changed(refs, replace(ref, cluster=member.facts.name), member)

    # Members.

    def cluster_ready(self, entry: Entry) -> None:
        """Queue everything that concerns the cluster, and what waited for it as a source."""
        core = self._core
        if entry.member is None:
            return
        core.declared.start(entry)
        self._watched.engaged(entry)
        wanting = [intent.key for intent in core.intents.meaning(entry.facts)]
        reached = core.results.of_cluster(entry.name)
        for key in {*wanting, *entry.member.owners(), *reached}:
            entry.lane.add_now(key)
        self._due.release(entry)
        self.cluster_changed(entry)

    def cluster_relabelled(self, entry: Entry) -> None:
        """Decide again about everything that is read there."""
        core = self._core
        names = {entry.name, *map(ClusterName, entry.facts.aliases)}
        if entry.is_hub or entry.snapshot.pinned_uid == core.parts.installation.hub:
            names |= {HUB, *hub_words(core.fleet)}
        self._due.readers_of(names)

    def cluster_changed(self, entry: Entry) -> None:
        """Say the cluster's state on it and on every intent that means it."""
        core = self._core
        core.clusters.changed(entry)
        if entry.problem is None:
            self._due.release(entry)
        for intent in core.intents.meaning(entry.facts):
            if entry.problem is not None:
                core.results.sync_passed(intent.key, entry.name)
            core.statuses.changed(intent.key)

    async def cluster_disengaging(self, entry: Entry) -> None:
        """Say what is to be said on its manifests, and drop them; their targets stay."""
        core = self._core
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                if core.parts.may_write():
                    await core.statuses.flush_cluster(entry.name)
        await core.telling.stop(entry.name)
        for kind in await core.declared.stop(entry):
            self._kind_gone(kind, entry.name)
        core.keys.release(entry.name)

    async def cluster_leaving(self, entry: Entry) -> None:
        """Do what the FleetCluster asked for in the event of its removal."""
        if not self._core.fleet.is_served_elsewhere(entry):
            await self._core.deletions.departures.leave(entry)

    def cluster_gone(self, entry: Entry) -> None:
        """Forget the cluster's results; intents that name it say so."""
        core = self._core
        core.results.leave_cluster(entry.name)
        core.deletions.breaker.gate.cluster_gone(entry.name)
        core.sightings.forget(entry.name)
        self._due.readers_of({entry.name, *map(ClusterName, entry.facts.aliases)})
        for intent in core.intents:
            core.statuses.changed(intent.key)


def _is_same_but_annotations(before: NamespaceFacts, after: NamespaceFacts) -> bool:
    return replace(before, annotations=after.annotations) == after


def _namespace(member: Member, name: str) -> NamespaceFacts:
    return member.namespace_now(name) or NamespaceFacts(name)
