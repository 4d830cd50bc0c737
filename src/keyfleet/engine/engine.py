# SPDX-License-Identifier: Apache-2.0
"""The controller: changes become keys, keys become passes, passes become results.

Everything here is wiring. What a change concerns is asked of the indexes, what to do about it is
decided in `plan`, and a key that was queued for nothing costs one look.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.engine.answers import Answers
from keyfleet.engine.clusterstatus import ClusterStatuses
from keyfleet.engine.declarations.declarations import Manner
from keyfleet.engine.declarations.endings import Endings
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.declarations.home import at_home
from keyfleet.engine.declarations.parents import Parents
from keyfleet.engine.declarations.telling import Telling
from keyfleet.engine.deletion.departures import Departures
from keyfleet.engine.engagement import FLEET_LISTS
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hub import Hub
from keyfleet.engine.hubevents import HubEvents
from keyfleet.engine.hubobjects import HUB
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Busy, Lane
from keyfleet.engine.members.member import Member
from keyfleet.engine.parts import Parts
from keyfleet.engine.results import Results
from keyfleet.engine.sightings import Sight, Sightings
from keyfleet.engine.statuses import Say, Statuses
from keyfleet.engine.stores.declared import Declarations as StoreDeclarations
from keyfleet.engine.stores.reading import Stores
from keyfleet.engine.stores.watching import StoreWatches
from keyfleet.engine.understanding import understood
from keyfleet.engine.worker import HUB_WORD, Worker
from keyfleet.kube.client import Client
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import CONFIGMAPS, SECRETS
from keyfleet.model.intent import Intent, Origin, SecretRef
from keyfleet.model.outcome import StoreOutcome
from keyfleet.model.places import (
    ClusterName,
    IntentKey,
    NamespaceFacts,
)
from keyfleet.model.stores import StoreRead, StoreRef
from keyfleet.plugin import ClusterSnapshot, Dialect, Kind, Role, StoreDialect
from keyfleet.plugin.parents import ParentDialect
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.transform.shape import varies_with

log = get_logger("engine")

CLOSING_S = 10.0
"""How long the clusters may take to be let go; with `LAST_WORDS_S` and the release of the Lease
well below the 30 s after which a kubelet kills."""
PARTING_S = 5.0
"""How long a cluster that is let go may take to be told the last statuses of its manifests."""
LAST_WORDS_S = 8.0
"""How long a shutdown waits for the last statuses to be written."""


class Engine(HubEvents, FleetEvents):
    """Keeps every intent of one hub true in the whole fleet."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        shared = Means(clock=parts.clock, random=parts.random, hooks=parts.hooks)
        self.intents = Intents()
        self.results = Results()
        self._endings = Endings(parts.clock)
        manner = Manner(parts.claims, self._endings.see, asyncio.Semaphore(FLEET_LISTS))
        self.hub = Hub(
            parts.hub, parts.dialects, events=self, domain=parts.domain, manner=manner, **shared
        )
        self.fleet = Fleet(parts.installation, events=self, new_lane=self._new_lane, **shared)
        self.declared = Everywhere(
            parts.installation,
            self.hub,
            self.fleet,
            parts.dialects,
            events=self,
            manner=manner,
            means=shared,
        )
        self.stores = self._new_stores(parts)
        self._worker = Worker(
            parts,
            self.declared,
            self.fleet,
            self.intents,
            self.results,
            changed=self._changed,
            wake=self._wake,
            due=self._refresh,
            stores=self.stores,
        )
        self._breaker = self._worker.breaker
        self._busy = Busy(self._settled)
        answers = Answers(
            self.declared,
            self.fleet,
            self.intents,
            self.results,
            self._worker.revisions,
            busy=self._busy,
            others=self._say_of_others,
            is_silent=self.stores.is_foreign,
            progress=self._worker.refreshing.said,
            is_unjudged=self._breaker.gate.is_unjudged,
        )
        clients = self.declared.client
        self._telling = Telling(parts.tell, parts.new_recorder, clients)
        self._statuses = Statuses(clients, answers, self._telling.tell, parts.clock, parts.hooks)
        self._clusters = ClusterStatuses(parts.hub, parts.clock, self.results.in_sync)
        self._departures = Departures(
            self._worker.confirmations, self._breaker.gate, self._worker.doomed
        )
        self._namespaced: dict[IntentKey, bool] = {}
        """Whether an intent's templates look at their namespace; found out when it matters."""
        self._parents = Parents(
            self.declared, self._statuses.changed, clock=parts.clock, random=parts.random
        )
        self._sightings = Sightings()
        self._judged: dict[IntentKey, StoreOutcome] = {}
        """How stores stand."""
        self._is_started = False

    def _new_stores(self, parts: Parts) -> Stores:
        declarations = StoreDeclarations(
            self.declared,
            parts.providers,
            parts.generators,
            self._client_of,
            parts.claims.controller_class,
        )
        is_read = lambda ref: bool(self.intents.reading([ref]))  # noqa: E731
        return Stores(
            declarations,
            ProviderMeans(
                parts.clock, parts.randomness, parts.hooks.provider_called, parts.environ
            ),
            random=parts.random,
            wake=self._wake_all,
            tell=self.store_judged,
            watches=StoreWatches(self.hub, self.fleet, is_read),
        )

    async def run(self) -> None:
        """Keep the fleet true until cancelled; then finish what is being written."""
        try:
            await self.hub.start()
            self._is_started = True
            self._breaker.start()
            async for snapshots in self._parts.inventory.clusters():
                await self.fleet.update(snapshots)
        finally:
            await self._shut_down()

    def problems(self) -> list[str]:
        """Return why not everything is served yet; for readiness."""
        if not self._is_started:
            return ["the hub is being listed"]
        return self.hub.problems()

    async def _shut_down(self) -> None:
        # Whatever hangs or fails, the rest ends too: a successor in this process starts afresh.
        try:
            await self._breaker.close()
            if self._parts.may_write():
                async with asyncio.timeout(LAST_WORDS_S):
                    await self._clusters.flush()
            await self._clusters.close()
            async with asyncio.timeout(CLOSING_S):
                await self.fleet.close()
            if self._parts.may_write():
                async with asyncio.timeout(LAST_WORDS_S):
                    await self._statuses.flush()
        except TimeoutError:
            log.warning("engine.shutdown_cut")
        finally:
            self._worker.refreshing.clear()
            await self.stores.close()
            await self._statuses.close()
            await self._telling.close()
            await self._endings.close()
            await self._parents.close()
            await self._clusters.close()
            await self.hub.stop()

    # What the hub says.

    def hub_heard(self) -> None:
        """Serve at once what waited for a source on the hub."""
        for key in self._worker.released_by_hub():
            self._queue(key, self._concerned(key))

    def hub_rewound(self) -> None:
        """Begin anew: what is known of the hub is of a later state than it has."""
        self._parts.hub_rewound()

    def manifest_changed(
        self, dialect: Dialect, origin: Origin, manifest: dict[str, Any] | None
    ) -> None:
        """Translate a manifest and queue what it concerns, before and after."""
        key = IntentKey(origin.kind, origin.namespace, origin.name, origin.cluster)
        concerned, before = self._concerned(key), self.intents.get(key)
        if manifest is None:
            self._drop(key)
            self._statuses.gone(key)
        else:
            translation = at_home(understood(dialect, manifest, origin, only_quickly=True))
            if not translation.intents and not translation.rejections:
                # The manifest asks for nothing any more, such as one that was switched off.
                self._drop(key)
            for intent in translation.intents:
                self._put(intent)
            for rejection in translation.rejections:
                self.intents.reject(rejection)
            self._statuses.changed(key)
        self._parents.child_changed(key)
        self._worker.rounds.drop(key)
        self._queue(key, concerned | self._concerned(key))
        self._queue_owners(before, concerned)
        self._breaker.changed()

    def kind_gone(self, kind: str, cluster: ClusterName) -> None:
        """Drop the intents of a kind that is not served; their targets stay."""
        for key in self.intents.of_kind(kind):
            if key.cluster == cluster:
                self._drop(key)
        gone = [key for key in self._parents.of_cluster(cluster) if key.kind == kind]
        self._parents.forget(gone)
        self._stores_are_due(kind, cluster)

    def kind_listed(self, kind: str, cluster: ClusterName) -> None:
        """Look at what is left of manifests that are gone, now that those that live are known."""
        if not cluster:
            self.declared.look_again()
        entry = self.fleet.get(cluster) if cluster else None
        if target := entry or self.fleet.hub():
            self._watch_inherited(target)
        for key in entry.member.owners() if entry and entry.member else ():
            if (key.kind, key.cluster) == (kind, cluster) and not self.intents.is_known(key):
                self._queue(key, [cluster])
        self._parents.namespaces_changed(cluster)
        self._stores_are_due(kind, cluster)

    def store_changed(self, ref: StoreRef) -> None:
        """Read again what is read from a store, or made by a generator, that changed."""
        names = {ref.cluster} if ref.cluster else self._hub_names()
        self.stores.changed(ref)
        manifest = self.declared.find(ref)
        if manifest is None:
            key = IntentKey(ref.kind, ref.namespace, ref.name, ref.cluster)
            self._judged.pop(key, None)
            self._statuses.gone(key)
        sight = self._sightings.see(ref, _version_of(manifest))
        self._source_is_due((replace(ref, cluster=name) for name in names), sight)

    def store_judged(self, outcome: StoreOutcome) -> None:
        """Say on a store how it stands."""
        ref = outcome.store
        key = IntentKey(ref.kind, ref.namespace, ref.name, ref.cluster)
        self._judged[key] = outcome
        self._statuses.changed(key)

    def parent_changed(
        self, dialect: Dialect, origin: Origin, manifest: dict[str, Any] | None
    ) -> None:
        """Make, mend or leave the children of a manifest that makes others."""
        key = IntentKey(origin.kind, origin.namespace, origin.name, origin.cluster)
        self._parents.seen(cast("ParentDialect", dialect), key, manifest)
        if manifest is None:
            self._statuses.gone(key)

    def _say_of_others(self, dialect: Dialect, kind: Kind, key: IntentKey) -> Say | None:
        if kind.role is Role.PARENT:
            return self._parents.say(key)
        outcome = self._judged.get(key)
        if outcome is None or kind.role is not Role.STORE:
            return None
        return partial(cast("StoreDialect", dialect).report_store, outcome)

    def _stores_are_due(self, kind: str, cluster: ClusterName) -> None:
        stores = {read.subject for intent in self.intents for read in intent.reads}
        for ref in stores:
            if isinstance(ref, StoreRef) and (ref.kind, ref.cluster) == (kind, cluster):
                self.store_changed(ref)
        for ref in self.stores.keeper.kept() - stores:
            if (ref.kind, ref.cluster) == (kind, cluster):
                self.stores.changed(ref)

    def policies_changed(self) -> None:
        """Decide everything again under the new rules."""
        self._worker.rounds.drop_all()
        self._everything_is_due()
        self._breaker.stir()

    def hub_source_changed(self, ref: SecretRef) -> None:
        """Queue the intents that read this object of the hub."""
        if ref.kind == SECRETS.kind:
            self._parts.secret_changed(ref)
        self.stores.object_changed(replace(ref, cluster=HUB))
        refs = [replace(ref, cluster=name) for name in self._hub_names()]
        self._source_is_due(refs, self._seen(refs, replace(ref, cluster=HUB)))

    def _hub_names(self) -> set[ClusterName]:
        hub = self.fleet.hub()
        names = {hub.name, *map(ClusterName, hub.facts.aliases)} if hub else set()
        return {HUB, *self._hub_words(), *names}

    def _hub_words(self) -> set[ClusterName]:
        word = ClusterName(HUB_WORD)
        return set() if self.fleet.get(word) else {word}

    def hub_namespace_changed(self, name: str) -> None:
        """Look again at what was held because the namespace was going."""
        self._parents.namespaces_changed(HUB)
        for intent in self.intents:
            is_inside = (intent.key.cluster, intent.key.namespace) == (HUB, name)
            if is_inside and _reads_stores(intent):
                self._refresh(intent.key)
        for entry in self.fleet:
            for key in entry.member.owners() if entry.member else ():
                if key.namespace == name and not self.intents.is_known(key):
                    entry.lane.add(key)

    # What the members say.

    def target_changed(
        self, member: Member, intents: set[IntentKey], spot: tuple[str, str]
    ) -> None:
        """Repair drift: queue who owns the target and who would like to."""
        entry = self.fleet.get(member.facts.name)
        if entry is None:
            return
        self._clusters.counted(entry)
        wanting = self.intents.wanting(member.facts, _namespace(member, spot[0]), spot[1])
        for key in {*intents, *(intent.key for intent in wanting)}:
            entry.lane.add(key)

    def namespace_changed(
        self, member: Member, old: NamespaceFacts | None, new: NamespaceFacts | None
    ) -> None:
        """Queue the intents for which the namespace began or ceased to be a target."""
        entry = self.fleet.get(member.facts.name)
        changed = [facts for facts in (old, new) if facts is not None]
        if entry is None:
            return
        name = changed[0].name if changed else ""
        self._parents.namespaces_changed(entry.name)
        is_only_noted = len(changed) > 1 and _is_same_but_annotations(*changed)
        for intent in self.intents.meaning_namespace(member.facts, name):
            if is_only_noted and not self._looks_at_namespaces(intent):
                continue
            if intent.key.namespace == name and _reads_stores(intent):
                # A store may be for namespaces with some labels: what was read before is old.
                self._worker.rounds.drop(intent.key)
            if any(intent.targets.namespaces.matches(facts) for facts in changed):
                entry.lane.add(intent.key)

    def source_changed(self, member: Member, ref: SecretRef) -> None:
        """Queue the intents that read this Secret of a member."""
        names = {ref.cluster, member.facts.name, *map(ClusterName, member.facts.aliases)}
        for name in names:
            self.stores.object_changed(replace(ref, cluster=name))
        refs = [replace(ref, cluster=name) for name in names]
        version = replace(ref, cluster=member.facts.name)
        self._source_is_due(refs, self._seen(refs, version, member))

    def cluster_ready(self, entry: Entry) -> None:
        """Queue everything that concerns the cluster, and what waited for it as a source."""
        if entry.member is None:
            return
        self.declared.start(entry)
        self._watch_inherited(entry)
        self._watch_sources(entry, self.intents)
        self.stores.watch_again()
        wanting = [intent.key for intent in self.intents.meaning(entry.facts)]
        reached = self.results.of_cluster(entry.name)
        for key in {*wanting, *entry.member.owners(), *reached}:
            entry.lane.add_now(key)
        self._release(entry)
        self.cluster_changed(entry)

    def cluster_relabelled(self, entry: Entry) -> None:
        """Decide again about everything that is read there."""
        names = {entry.name, *map(ClusterName, entry.facts.aliases)}
        if entry.is_hub or entry.snapshot.pinned_uid == self._parts.installation.hub:
            names |= {ClusterName(""), *self._hub_words()}
        self._readers_are_due(names)

    def cluster_changed(self, entry: Entry) -> None:
        """Say the cluster's state on it and on every intent that means it."""
        self._clusters.changed(entry)
        if entry.problem is None:
            self._release(entry)
        for intent in self.intents.meaning(entry.facts):
            if entry.problem is not None:
                self.results.sync_passed(intent.key, entry.name)
            self._statuses.changed(intent.key)

    async def cluster_disengaging(self, entry: Entry) -> None:
        """Say what is to be said on its manifests, and drop them; their targets stay."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_S):
                if self._parts.may_write():
                    await self._statuses.flush_cluster(entry.name)
        await self._telling.stop(entry.name)
        for kind in await self.declared.stop(entry):
            self.kind_gone(kind, entry.name)

    async def cluster_leaving(self, entry: Entry) -> None:
        """Do what the FleetCluster asked for in the event of its removal."""
        if not self.fleet.is_served_elsewhere(entry):
            await self._departures.leave(entry)

    def cluster_gone(self, entry: Entry) -> None:
        """Forget the cluster's results; intents that name it say so."""
        self.results.leave_cluster(entry.name)
        self._breaker.gate.cluster_gone(entry.name)
        self._sightings.forget(entry.name)
        self._readers_are_due({entry.name, *map(ClusterName, entry.facts.aliases)})
        for intent in self.intents:
            self._statuses.changed(intent.key)

    # Keys.

    def _looks_at_namespaces(self, intent: Intent) -> bool:
        if intent.key not in self._namespaced:
            self._namespaced[intent.key] = "namespace" in varies_with(intent.shape)
        return self._namespaced[intent.key]

    def _put(self, intent: Intent) -> None:
        before = self.intents.get(intent.key)
        self._namespaced.pop(intent.key, None)
        self.intents.put(intent)
        if before is not None and before.all_reads != intent.all_reads:
            self._unwatch(before)
        for ref in _config_maps(intent):
            self.hub.watch_config_map(ref)
        for entry in self.fleet.concerning(intent.key):
            self._watch_sources(entry, [intent])
        token = intent.sync_requested
        if token and before is not None and before.sync_requested != token:
            self._sync(intent, token)
        elif token and before is None:
            self.results.sync_began(intent.key, token, ())

    def _sync(self, intent: Intent, token: str) -> None:
        self._worker.refreshing.insist(intent.key)
        near = self.fleet.concerning(intent.key)
        entries = [entry for entry in near if intent.targets.clusters.matches(entry.facts)]
        reachable = [entry for entry in entries if entry.problem is None]
        self.results.sync_began(intent.key, token, [entry.name for entry in reachable])
        for entry in entries:
            if entry.member is not None:
                for spot in entry.member.spots(intent):
                    entry.member.memory.doubt(spot)
            entry.lane.add_now(intent.key)

    def _drop(self, key: IntentKey) -> None:
        for name in self._concerned(key):
            if entry := self.fleet.get(name):
                self._clusters.counted(entry)
        intent = self.intents.get(key)
        self.intents.drop(key)
        self._namespaced.pop(key, None)
        if intent is not None:
            self._unwatch(intent)
        self._statuses.forget(key)
        self.results.forget(key)
        self._worker.forget(key)

    def _concerned(self, key: IntentKey) -> set[ClusterName]:
        intent = self.intents.get(key)
        return {
            entry.name
            for entry in self.fleet.concerning(key)
            if (intent is not None and intent.targets.clusters.matches(entry.facts))
            or (entry.member is not None and entry.member.owns_for(key))
        }

    def _queue(self, key: IntentKey, clusters: Iterable[ClusterName]) -> None:
        for name in clusters:
            entry = self.fleet.get(name)
            if entry is not None:
                self._worker.propagation.began(key, name)
                entry.lane.add_now(key)

    def _queue_owners(self, before: Intent | None, clusters: Iterable[ClusterName]) -> None:
        """Look again at targets that were left to an heir which does not want them any more."""
        after = self.intents.get(before.key) if before else None
        if before is None or (after is not None and after.targets == before.targets):
            return
        for entry in filter(None, map(self.fleet.get, clusters)):
            owners = entry.member.owners_of(before.targets.name) if entry.member else set()
            for key in owners - {before.key}:
                entry.lane.add(key)

    def _source_is_due(self, refs: Iterable[SecretRef | StoreRef], sight: Sight) -> None:
        for key in self.intents.reading(refs):
            intent = self.intents.get(key)
            if intent is not None and sight is Sight.CHANGED:
                self._worker.refreshing.stir(intent)
            elif intent is not None and sight is Sight.FIRST:
                self._worker.refreshing.met(intent)
            self._refresh(key)

    def _seen(
        self, refs: Iterable[SecretRef], ref: SecretRef, member: Member | None = None
    ) -> Sight:
        """Return what is new about an object, if anybody reads it who rests between refreshes."""
        readers = map(self.intents.get, self.intents.reading(refs))
        if not any(intent is not None and intent.refresh is not None for intent in readers):
            return Sight.SAME
        found = member.source_version(ref) if member else self.hub.source_version(ref)
        return Sight.CHANGED if found is None else self._sightings.see(ref, found)

    def _readers_are_due(self, clusters: set[ClusterName]) -> None:
        for intent in self.intents:
            if any(read.ref.cluster in clusters for read in intent.all_reads):
                self._worker.rounds.drop(intent.key)
                self._queue(intent.key, self._concerned(intent.key))

    def _everything_is_due(self) -> None:
        for entry in self.fleet:
            if entry.member is None:
                continue
            wanting = [intent.key for intent in self.intents.meaning(entry.facts)]
            for key in {*wanting, *entry.member.owners()}:
                entry.lane.add(key)
        for intent in self.intents:
            self._statuses.changed(intent.key)

    def _release(self, entry: Entry) -> None:
        for key in self._worker.released(entry):
            self._queue(key, self._concerned(key))

    def _watch_sources(self, entry: Entry, intents: Iterable[Intent]) -> None:
        if entry.member is None or entry.member.facts.is_hub:
            return
        for ref in (ref for intent in intents for ref in intent.refs):
            if ref.cluster and entry.facts.answers_to(ref.cluster):
                entry.member.watch_source(ref)

    def _watch_inherited(self, entry: Entry) -> None:
        declarations = self.declared.of(entry.name)
        if entry.member is None or declarations is None:
            return
        for dialect in self._parts.dialects:
            for kind in dialect.kinds:
                if kind.inherits and declarations.served(kind.resource.kind):
                    entry.member.watch_inherited(kind.inherits)

    def _unwatch(self, intent: Intent) -> None:
        for ref in _config_maps(intent):
            if not self._is_named(ref):
                self.hub.unwatch_config_map(ref)
        for ref in intent.refs:
            if ref.cluster and not self._is_named(ref):
                entry = self.fleet.get(ref.cluster)
                if entry is not None and entry.member is not None:
                    entry.member.unwatch_source(ref)

    def _is_named(self, ref: SecretRef) -> bool:
        return bool(self.intents.reading([ref])) or self.stores.names(ref)

    def _new_lane(self, snapshot: ClusterSnapshot) -> Lane:
        name = snapshot.name
        return Lane(
            name,
            lambda key: self._worker.work(name, key),
            busy=self._busy,
            hooks=self._parts.hooks,
            random=self._parts.random,
        )

    def _wake(self, lane: tuple[ClusterName, IntentKey]) -> None:
        entry = self.fleet.get(lane[0])
        if entry is not None:
            entry.lane.add_now(lane[1])

    def _refresh(self, key: IntentKey) -> None:
        self._worker.rounds.drop(key)
        self._queue(key, self._concerned(key))

    def _client_of(self, cluster: ClusterName) -> Client:
        return self._worker.client_of(cluster)

    def _wake_all(self, keys: set[IntentKey]) -> None:
        for key in keys:
            self._refresh(key)

    def _settled(self, key: IntentKey) -> None:
        self._worker.rounds.drop(key)
        if self.stores.holds_values and self.fleet.is_idle():
            self.stores.round_over()
        self._statuses.settled(key)

    def _changed(self, key: IntentKey, cluster: ClusterName | None = None) -> None:
        self._statuses.changed(key)
        entry = self.fleet.get(cluster) if cluster else None
        if entry is not None:
            self._clusters.counted(entry)


def _config_maps(intent: Intent) -> list[SecretRef]:
    return [ref for ref in intent.refs if ref.kind == CONFIGMAPS.kind and not ref.cluster]


def _reads_stores(intent: Intent) -> bool:
    return any(isinstance(read.ref, StoreRead) for read in intent.reads)


def _version_of(manifest: Mapping[str, Any] | None) -> str:
    # What is written to its status or metadata changes no store.
    found = metadata_of(manifest) if manifest else None
    return f"{found.uid} {found.generation}" if found else ""


def _is_same_but_annotations(before: NamespaceFacts, after: NamespaceFacts) -> bool:
    return replace(before, annotations=after.annotations) == after


def _namespace(member: Member, name: str) -> NamespaceFacts:
    return member.namespace_now(name) or NamespaceFacts(name)
