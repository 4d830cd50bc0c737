# SPDX-License-Identifier: Apache-2.0
"""What a lane does with a key: read and shape once, deliver here, remember what came of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import SystemRandom

from keyfleet.base.errors import TemporaryError
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.deletion.breaker import Breaker
from keyfleet.engine.deletion.confirm import Confirmations, identity_doubt
from keyfleet.engine.deletion.doomed import Doomed
from keyfleet.engine.deletion.gate import JUDGING
from keyfleet.engine.entry import Entry
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Again
from keyfleet.engine.members.member import Member
from keyfleet.engine.parts import Parts
from keyfleet.engine.passes import RECHECK_S, Passes
from keyfleet.engine.propagation import Propagation
from keyfleet.engine.refreshing import Refreshing
from keyfleet.engine.results import Results
from keyfleet.engine.revisions import Revisions
from keyfleet.engine.rounds import Rounds
from keyfleet.engine.settled import PassResult
from keyfleet.engine.shaping import Shaped, Surroundings, shape_intent
from keyfleet.engine.stores.reading import Stores
from keyfleet.engine.stores.room import BUSY
from keyfleet.engine.targets import Gatherer
from keyfleet.kube.client import Client
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.ownership import Installation, Marker
from keyfleet.model.places import (
    ClusterFacts,
    ClusterName,
    ClusterUid,
    IntentKey,
    NamespaceFacts,
)
from keyfleet.model.plan import Finding, State
from keyfleet.plan.leaving import TARGET_MISSING
from keyfleet.transform.rendition import Chance

log = get_logger("engine")

POLL_S = 60.0
"""How often a source that may not be watched, or not be read, is read again."""
JUDGED_S = 10.0
"""When a pass looks again that was told that a verdict is due, should nobody call it."""
UNKNOWN = ("HubUnknown", "ClusterUnknown")
"""Who should confirm a deletion did not answer."""
HELD_S = 300.0
"""When a deletion that is held is looked at again without any change being seen."""


class Worker:
    """Works on keys with what the engine knows."""

    def __init__(  # noqa: PLR0913 - what one object works with, all but five by name
        self,
        parts: Parts,
        declared: Everywhere,
        fleet: Fleet,
        intents: Intents,
        results: Results,
        *,
        changed: Callable[[IntentKey, ClusterName | None], None],
        wake: Callable[[tuple[ClusterName, IntentKey]], None],
        due: Callable[[IntentKey], None],
        stores: Stores,
    ) -> None:
        """Make an idle worker.

        Args:
            parts: What the engine is made of.
            declared: The manifests, of the hub and of members, and whether all are known.
            fleet: The clusters.
            intents: The intents.
            results: Where results are remembered.
            changed: Called when an intent's outcome changed, with the cluster where it did.
            wake: Runs a key again in a cluster, since a verdict about its deletions changed.
            due: Runs a key again everywhere, since its stores are to be asked again.
            stores: Reads what is in stores.
        """
        self.rounds = Rounds(self._shape, parts.clock)
        self.revisions = Revisions(self._markers)
        self.propagation = Propagation(parts.clock)
        self.refreshing = Refreshing(parts.clock, due)
        self._parts = parts
        self._hub = declared.hub
        self._declared = declared
        self._fleet = fleet
        self._intents = intents
        self._results = results
        self._changed = changed
        self._stores = stores
        means = Means(clock=parts.clock, random=parts.random, hooks=parts.hooks)
        self.doomed = Doomed(
            parts.installation, declared, fleet, intents, partial(self._gatherer, is_granted=False)
        )
        self.breaker = Breaker(
            parts.hub,
            self.doomed,
            policies=lambda: declared.hub.policies,
            is_fleet_known=fleet.is_settled,
            is_idle=fleet.is_idle,
            wake=wake,
            tell=parts.tell,
            means=means,
        )
        self._passes = Passes(self._gatherer, self.breaker.gate, **means)
        self.confirmations = Confirmations(parts.hub, parts.installation.hub, declared.ground)
        self._waiting_for: dict[ClusterName, set[IntentKey]] = {}

    def forget(self, key: IntentKey) -> None:
        """Drop what is remembered of an intent that is gone."""
        self.rounds.drop(key)
        self.doomed.forget(key)
        self.revisions.forget(key)
        self.propagation.forget(key)
        self.refreshing.forget(key)
        self._stores.forget(key)

    def released_by_hub(self) -> set[IntentKey]:
        """Return the intents that waited for the hub as a source."""
        return self._waiting_for.pop(ClusterName(""), set())

    def released(self, entry: Entry) -> set[IntentKey]:
        """Return the intents that waited for this cluster as a source."""
        names = [ClusterName(name) for name in (entry.name, *entry.facts.aliases)]
        if entry.facts.is_hub:
            names.append(ClusterName(""))
        return {key for name in names for key in self._waiting_for.pop(name, set())}

    async def work(self, cluster: ClusterName, key: IntentKey) -> Again | None:
        """Make one intent true in one cluster, as far as that is possible now."""
        self.breaker.gate.began((cluster, key))
        began = self._parts.clock.monotonic()
        try:
            return await self._work(cluster, key)
        finally:
            self.breaker.gate.ended((cluster, key))
            self._observe(key, self._parts.clock.monotonic() - began)

    def _observe(self, key: IntentKey, took_s: float) -> None:
        if self._intents.get(key) is not None:
            subject = (key.cluster, key.namespace, key.name)
            is_well = self._results.is_well(key)
            self._parts.hooks.manifest_worked(key.kind, subject, took_s, is_well)

    async def _work(self, cluster: ClusterName, key: IntentKey) -> Again | None:
        entry = self._fleet.get(cluster)
        member = entry.member if entry else None
        if entry is None or member is None:
            return Again()
        began = self.propagation.take(key, cluster)
        intent = self._intents.get(key)
        if intent is None:
            return await self._clean_up(entry, member, key)
        if self.refreshing.rests(intent, cluster):
            rested = await self._passes.look(member, intent)
            if rested is not None:
                self.refreshing.rested(intent, cluster)
                self._record(key, cluster, Shaped(), rested, began)
                return rested.again
        try:
            shaped = await self.rounds.get(intent)
        except TemporaryError as error:
            if began is not None:
                self.propagation.began(key, cluster, at=began)
            return self._source_failed(intent, error)
        return (
            None if shaped.is_foreign else await self._serve(entry, member, shaped, intent, began)
        )

    async def _serve(
        self, entry: Entry, member: Member, shaped: Shaped, intent: Intent, began: float | None
    ) -> Again | None:
        key, cluster = intent.key, entry.name
        self.doomed.shaped(key, shaped)
        result = await self._passes.deliver_intent(entry, member, intent, shaped)
        if any(one.reason == JUDGING for one in (*result.targets, *result.left_over)):
            # Its verdict is due in a moment, and comes with another pass.
            if began is not None:
                self.propagation.began(key, cluster, at=began)
            return result.again or Again(JUDGED_S)
        is_read = shaped.finding is None or shaped.finding.state is State.IN_SYNC
        is_new = False
        if is_read:
            self._results.skip(key, shaped.skipped)
        if is_read and shaped.read_at is not None and _is_done(result):
            is_new = self.refreshing.done(intent, cluster, shaped.read_at)
        self._record(key, cluster, shaped, result, began)
        if is_new:
            # The manifest says when its stores were asked.
            self._changed(key, cluster)
        _queue_heirs(entry, result)
        return self._again(intent, shaped, result)

    def _again(self, intent: Intent, shaped: Shaped, result: PassResult) -> Again | None:
        if shaped.again_s is not None:
            return Again(shaped.again_s)
        is_told = self._is_watched(intent) and not shaped.is_denied
        return result.again or (None if is_told else Again(POLL_S))

    def _is_watched(self, intent: Intent) -> bool:
        """Tell whether a change of each source will be heard of: it may be readable only."""
        return all(map(self._is_ref_watched, intent.refs))

    def _is_ref_watched(self, ref: SecretRef) -> bool:
        entry = self._fleet.get(ref.cluster) if ref.cluster else None
        if entry is None or entry.is_hub or entry.member is None:
            return self._hub.is_watching(ref)
        return entry.member.is_watching(ref)

    def _record(
        self,
        key: IntentKey,
        cluster: ClusterName,
        shaped: Shaped,
        result: PassResult,
        began: float | None,
    ) -> None:
        if self._intents.get(key) is None:
            # It went while the pass ran; what is remembered of it now nobody would forget.
            return
        if result.wrote and _is_done(result) and began is not None:
            took_s = self._parts.clock.monotonic() - began
            self._parts.hooks.propagated(cluster, took_s)
            self._results.propagated(key, cluster, took_s)
        elif began is not None and any(target.is_on_its_way for target in result.targets):
            self.propagation.began(key, cluster, at=began)
        is_new = self._results.problem(key, shaped.finding)
        is_new |= self._results.store(key, cluster, result)
        intent = self._intents.get(key)
        entry = self._fleet.get(cluster)
        is_empty = not result.targets and not result.left_over
        if is_empty and intent and entry and not intent.targets.clusters.matches(entry.facts):
            self._results.leave(key, cluster)
        is_new |= self._results.sync_passed(key, cluster)
        if is_new or result.wrote:
            self._changed(key, cluster)

    async def _clean_up(self, entry: Entry, member: Member, key: IntentKey) -> Again | None:
        if self._intents.rejection(key):
            # What it wants cannot be said: its targets stay as they are.
            return None
        if not member.markers(key):
            # Nothing here that we signed, so nothing may go; a member that shows thousands of
            # forged marks must not make us ask the hub about each.
            return None
        hold = self._declared.deletion_hold(key, None)
        if hold is not None and hold.reason.endswith("Incomplete"):
            # Nothing can be confirmed yet; a member's kinds are listed after it is engaged, and
            # then it is asked for.
            return Again(RECHECK_S)
        found = self._hub.dialect_of(key.kind)
        objection = await self.confirmations.objection(key, *found) if found else None
        if found is None or objection is not None:
            _log_held(entry.name, key, objection.reason if objection else "KindUnknown")
            return Again(RECHECK_S if objection and objection.reason in UNKNOWN else HELD_S)
        result = await self._passes.clean_up(entry, member, key)
        if result.wrote:
            self._changed(key, entry.name)
        reasons = {target.reason for target in result.left_over if target.reason}
        for reason in reasons - {JUDGING}:
            _log_held(entry.name, key, reason)
        _queue_heirs(entry, result)
        return result.again or (Again(JUDGED_S) if JUDGING in reasons else None)

    def _source_failed(self, intent: Intent, error: TemporaryError) -> Again | None:
        if error.code == BUSY:
            # It is its turn in a moment, and then it is woken.
            return Again(POLL_S)
        refs = ", ".join(str(read.ref) for read in intent.all_reads)
        finding = Finding(
            State.PENDING,
            "SourceUnreachable",
            f"source {refs} cannot be asked now: {error.message}; targets stay as they are",
            hint="`keyfleet clusters` and `keyfleet doctor` say what is wrong with its cluster",
        )
        if self._results.problem(intent.key, finding):
            self._changed(intent.key, None)
        for read in intent.all_reads:
            self._waiting_for.setdefault(read.ref.cluster, set()).add(intent.key)
        told = error.retry_after
        return Again(told.total_seconds() if told else None)

    async def _shape(self, intent: Intent) -> Shaped:
        began = self._parts.clock.now()
        self.refreshing.begin(intent)
        shaped = replace(await shape_intent(intent, self._surroundings()), read_at=began)
        found = self._resolve(intent.reads[0].ref.cluster) if shaped.is_source_gone else None
        doubt = await identity_doubt(*found) if found else None
        return replace(shaped, finding=doubt, is_source_gone=False) if doubt else shaped

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            installation=self._parts.installation,
            policies=self._hub.policies,
            sources=self._parts.sources,
            resolve=self._resolve,
            revise=partial(self.revisions.revise, began=self._parts.clock.monotonic()),
            crd_uid=self._declared.crd_uid,
            domain=self._parts.domain,
            facts_of=self._facts_of,
            chance=Chance(self._parts.clock.now, SystemRandom()),
            stores=self._stores,
            namespace_of=self._namespace_of,
        )

    def client_of(self, name: ClusterName) -> Client:
        """Return the client of the cluster of a store.

        Raises:
            TemporaryError: It is away, or no cluster has that name (any more).
        """
        found = self._resolve(name)
        if found is None:
            raise TemporaryError("source.cluster_away", "no cluster answers to that name", name)
        return found[1]

    def _namespace_of(self, key: IntentKey) -> NamespaceFacts:
        found = self._declared.namespace(key)
        return found or NamespaceFacts(key.namespace, is_seen=False)

    def _facts_of(self, name: ClusterName) -> ClusterFacts | None:
        entry = self._fleet.get(name)
        return entry.facts if entry else None

    def _gatherer(self, *, is_granted: bool = True) -> Gatherer:
        return Gatherer(
            self._parts.installation,
            self._hub.policies,
            self._intents,
            self._deletion_hold if is_granted else self._declared.deletion_hold,
            self._accepted_names,
            self._cluster_now,
        )

    def _deletion_hold(self, key: IntentKey, marker: Marker | None) -> Finding | None:
        hold = self._declared.deletion_hold(key, marker)
        return self.breaker.gate.orphan_hold(key, marker, hold)

    def _accepted_names(self, name: ClusterName) -> frozenset[str]:
        entry = self._fleet.get(name)
        return entry.snapshot.accepted_names if entry else frozenset()

    def _resolve(self, name: ClusterName) -> tuple[ClusterFacts, Client] | None:
        hub = self._fleet.hub()
        if not name or (hub is not None and hub.facts.answers_to(name)):
            facts = self._fleet.hub_facts() or _hub_facts(self._parts.installation)
            return facts, self._parts.hub
        entry = self._fleet.get(name)
        if entry is None:
            # The hub may be called so where no cluster has that name.
            return self._resolve(ClusterName("")) if name == HUB_WORD else None
        if entry.member is None or entry.problem is not None:
            reason = entry.problem.message if entry.problem else "not connected"
            raise TemporaryError("source.cluster_away", reason, str(name))
        return entry.facts, entry.member.client

    def _cluster_now(self, name: ClusterName) -> ClusterFacts | None:
        try:
            found = self._resolve(name)
        except TemporaryError:
            return None
        return found[0] if found else None

    def _markers(self, key: IntentKey) -> list[Marker]:
        members = [entry.member for entry in self._fleet if entry.member is not None]
        return [marker for member in members for marker in member.markers(key)]


def _is_done(result: PassResult) -> bool:
    return all(
        target.state is State.IN_SYNC or target.reason == TARGET_MISSING
        for target in result.targets
    )


HUB_WORD = "hub"
"""What the hub answers to as a source, unless a cluster is called so."""


def _queue_heirs(entry: Entry, result: PassResult) -> None:
    # They were told that the place is taken, and nothing changes there that a watch would show.
    for heir in result.heirs:
        entry.lane.add_now(heir)


def _log_held(cluster: str, key: IntentKey, reason: str) -> None:
    log.warning("engine.orphan_held", cluster=cluster, intent=str(key), reason=reason)


def _hub_facts(installation: Installation) -> ClusterFacts:
    return ClusterFacts(ClusterName("hub"), ClusterUid(installation.hub), is_hub=True)
