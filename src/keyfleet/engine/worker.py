# SPDX-License-Identifier: Apache-2.0
"""What a lane does with a key: read and shape once, deliver here, remember what came of it."""

from collections.abc import Callable

from keyfleet.base.errors import TemporaryError
from keyfleet.base.means import Means
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.deletion.deletions import Deletions
from keyfleet.engine.deletion.gate import JUDGED_S, JUDGING
from keyfleet.engine.entry import Entry
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Again
from keyfleet.engine.members.member import Member
from keyfleet.engine.orphans import Orphans, queue_heirs
from keyfleet.engine.parts import Parts
from keyfleet.engine.passes import Passes
from keyfleet.engine.propagation import Propagation
from keyfleet.engine.readings import Readings
from keyfleet.engine.results import Results
from keyfleet.engine.sealing.clusterkeys import KEYS_UNKNOWN
from keyfleet.engine.settled import PassResult
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.stores.room import BUSY
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, State
from keyfleet.plan.leaving import TARGET_MISSING

POLL_S = 60.0
"""How often a source that may not be watched, or not be read, is read again."""


class Worker:
    """Works on keys with what the engine knows."""

    def __init__(
        self,
        parts: Parts,
        declared: Everywhere,
        fleet: Fleet,
        intents: Intents,
        results: Results,
        *,
        readings: Readings,
        deletions: Deletions,
        changed: Callable[[IntentKey, ClusterName | None], None],
    ) -> None:
        """Make an idle worker.

        Args:
            parts: What the engine is made of.
            declared: The manifests, of the hub and of members, and whether all are known.
            fleet: The clusters.
            intents: The intents.
            results: Where results are remembered.
            readings: Reads and shapes.
            deletions: What deletions have to pass.
            changed: Called when an intent's outcome changed, with the cluster where it did.
        """
        self.propagation = Propagation(parts.clock)
        self._clock = parts.clock
        self._hooks = parts.hooks
        self._fleet = fleet
        self._intents = intents
        self._results = results
        self._readings = readings
        self._deletions = deletions
        self._changed = changed
        means = Means(clock=parts.clock, random=parts.random, hooks=parts.hooks)
        self._passes = Passes(deletions.gatherer, deletions.breaker.gate, **means)
        self._orphans = Orphans(
            declared, intents, deletions.confirmations, self._passes, changed=changed
        )

    def forget(self, key: IntentKey) -> None:
        """Drop what is remembered of an intent that is gone."""
        self._readings.forget(key)
        self._deletions.doomed.forget(key)
        self.propagation.forget(key)

    async def work(self, cluster: ClusterName, key: IntentKey) -> Again | None:
        """Make one intent true in one cluster, as far as that is possible now."""
        gate = self._deletions.breaker.gate
        gate.began((cluster, key))
        began = self._clock.monotonic()
        try:
            return await self._work(cluster, key)
        finally:
            gate.ended((cluster, key))
            self._observe(key, self._clock.monotonic() - began)

    def _observe(self, key: IntentKey, took_s: float) -> None:
        if self._intents.get(key) is not None:
            subject = (key.cluster, key.namespace, key.name)
            is_well = self._results.is_well(key)
            self._hooks.manifest_worked(key.kind, subject, took_s, is_well)

    async def _work(self, cluster: ClusterName, key: IntentKey) -> Again | None:
        entry = self._fleet.get(cluster)
        member = entry.member if entry else None
        if entry is None or member is None:
            return Again()
        began = self.propagation.take(key, cluster)
        intent = self._intents.get(key)
        if intent is None:
            return await self._orphans.clean_up(entry, member, key)
        refreshing = self._readings.refreshing
        if refreshing.rests(intent, cluster):
            rested = await self._passes.look(member, intent)
            if rested is not None:
                refreshing.rested(intent, cluster)
                self._record(key, cluster, Shaped(), rested, began)
                return rested.again
        try:
            shaped = await self._readings.rounds.get(intent)
        except TemporaryError as error:
            self._goes_on(key, cluster, began)
            return self._source_failed(intent, error)
        return (
            None if shaped.is_foreign else await self._serve(entry, member, shaped, intent, began)
        )

    async def _serve(
        self, entry: Entry, member: Member, shaped: Shaped, intent: Intent, began: float | None
    ) -> Again | None:
        key, cluster = intent.key, entry.name
        self._deletions.doomed.shaped(key, shaped)
        result = await self._passes.deliver_intent(entry, member, intent, shaped)
        if any(one.reason == JUDGING for one in (*result.targets, *result.left_over)):
            # Its verdict is due in a moment, and comes with another pass.
            self._goes_on(key, cluster, began)
            return result.again or Again(JUDGED_S)
        is_read = shaped.finding is None or shaped.finding.state is State.IN_SYNC
        if is_read:
            self._results.skip(key, shaped.skipped)
        is_new = False
        if is_read and shaped.read_at is not None and _is_done(result):
            is_new = self._readings.refreshing.done(intent, cluster, shaped.read_at)
        self._record(key, cluster, shaped, result, began)
        if is_new:
            # The manifest says when its stores were asked.
            self._changed(key, cluster)
        queue_heirs(entry, result)
        return self._again(intent, shaped, result)

    def _again(self, intent: Intent, shaped: Shaped, result: PassResult) -> Again | None:
        if shaped.again_s is not None:
            return Again(shaped.again_s)
        is_told = self._readings.is_watched(intent) and not shaped.is_denied
        return result.again or (None if is_told else Again(POLL_S))

    def _goes_on(self, key: IntentKey, cluster: ClusterName, began: float | None) -> None:
        """The change that a pass was about is not done with yet."""
        if began is not None:
            self.propagation.began(key, cluster, at=began)

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
            took_s = self._clock.monotonic() - began
            self._hooks.propagated(cluster, took_s)
            self._results.propagated(key, cluster, took_s)
        elif any(target.is_on_its_way for target in result.targets):
            self._goes_on(key, cluster, began)
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

    def _source_failed(self, intent: Intent, error: TemporaryError) -> Again | None:
        if error.code == BUSY:
            # It is its turn in a moment, and then it is woken.
            return Again(POLL_S)
        finding = unreachable_source(intent, error)
        if self._results.problem(intent.key, finding):
            self._changed(intent.key, None)
        self._readings.wait(intent)
        told = error.retry_after
        return Again(told.total_seconds() if told else None)


def unreachable_source(intent: Intent, error: TemporaryError) -> Finding:
    """Return that what an intent reads cannot be had now."""
    if error.code == KEYS_UNKNOWN:
        message = f"{error}; targets stay as they are"
        return Finding(State.PENDING, "KeysUnknown", message, hint=error.hint)
    refs = ", ".join(str(read.ref) for read in intent.all_reads)
    return Finding(
        State.PENDING,
        "SourceUnreachable",
        f"source {refs} cannot be asked now: {error.message}; targets stay as they are",
        hint="`keyfleet clusters` and `keyfleet doctor` say what is wrong with its cluster",
    )


def _is_done(result: PassResult) -> bool:
    return all(
        target.state is State.IN_SYNC or target.reason == TARGET_MISSING
        for target in result.targets
    )
