# SPDX-License-Identifier: Apache-2.0
"""The controller: changes become keys, keys become passes, passes become results.

Everything here is wiring. `hubchanges` and `fleetchanges` hear of changes, `due` knows whom they
concern, `worker` does what is to be done, decided in `plan`. A key that was queued for nothing
costs one look.
"""

import asyncio
from functools import partial
from typing import cast

from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.engine.answers import Answers
from keyfleet.engine.clusterstatus import ClusterStatuses
from keyfleet.engine.core import Core
from keyfleet.engine.declarations.declarations import Manner
from keyfleet.engine.declarations.endings import Endings
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.declarations.parents import Parents
from keyfleet.engine.declarations.telling import Telling
from keyfleet.engine.deletion.deletions import Deletions
from keyfleet.engine.due import Due
from keyfleet.engine.engagement import FLEET_LISTS
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.fleetchanges import FleetChanges
from keyfleet.engine.hub import Hub
from keyfleet.engine.hubchanges import HubChanges
from keyfleet.engine.intentchanges import IntentChanges
from keyfleet.engine.lane import Busy, Lane
from keyfleet.engine.parts import Parts
from keyfleet.engine.readings import Readings
from keyfleet.engine.resolving import Resolving
from keyfleet.engine.sealing.api.keys import SealingKeys
from keyfleet.engine.sealing.keychanges import KeyChanges
from keyfleet.engine.statuses import Say, Statuses
from keyfleet.engine.storechanges import StoreChanges
from keyfleet.engine.watched import Watched
from keyfleet.engine.worker import Worker
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.plugin import ClusterSnapshot, Dialect, Kind, Role, StoreDialect

log = get_logger("engine")

CLOSING_S = 10.0
"""How long the clusters may take to be let go; with `LAST_WORDS_S` and the release of the Lease
well below the 30 s after which a kubelet kills."""
LAST_WORDS_S = 8.0
"""How long a shutdown waits for the last statuses to be written."""


class Engine:
    """Keeps every intent of one hub true in the whole fleet."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._core = Core(parts)
        self._due = Due(self._core)
        self._store_changes = StoreChanges(self._core, self._due)
        self._key_changes = KeyChanges(self._core, self._due)
        self._core.keys = self._key_changes.keys
        self._endings = Endings(parts.clock)
        self._busy = Busy(self._settled)
        self._is_started = False
        self._see()
        self._work()
        self._say()

    async def run(self) -> None:
        """Keep the fleet true until cancelled; then finish what is being written."""
        try:
            await self._core.hub.start()
            self._is_started = True
            self._core.keys.start()
            self._core.deletions.breaker.start()
            async for snapshots in self._parts.inventory.clusters():
                await self._core.fleet.update(snapshots)
        finally:
            await self._shut_down()

    @property
    def sealing_keys(self) -> SealingKeys:
        """The sealing keys of each cluster, for the API."""
        return self._core.keys

    def problems(self) -> list[str]:
        """Return why not everything is served yet; for readiness."""
        if not self._is_started:
            return ["the hub is being listed"]
        return self._core.hub.problems()

    async def _shut_down(self) -> None:
        # Whatever hangs or fails, the rest ends too: a successor in this process starts afresh.
        core = self._core
        try:
            await core.deletions.breaker.close()
            if self._parts.may_write():
                async with asyncio.timeout(LAST_WORDS_S):
                    await core.clusters.flush()
            await core.clusters.close()
            async with asyncio.timeout(CLOSING_S):
                await core.fleet.close()
            if self._parts.may_write():
                async with asyncio.timeout(LAST_WORDS_S):
                    await core.statuses.flush()
        except TimeoutError:
            log.warning("engine.shutdown_cut")
        finally:
            core.readings.refreshing.clear()
            await core.stores.close()
            await core.keys.close()
            await core.statuses.close()
            await core.telling.close()
            await self._endings.close()
            await core.parents.close()
            await core.clusters.close()
            await core.hub.stop()

    # Wiring, in the order in which one part needs another.

    def _see(self) -> None:
        """Make what watches: the hub, the fleet, and the manifests in both."""
        parts, core, means = self._parts, self._core, self._means()
        watched = Watched(core)
        intents = IntentChanges(core, self._due, watched)
        at_hub = HubChanges(
            core,
            self._due,
            watched,
            intents=intents,
            stores=self._store_changes,
            keys=self._key_changes,
        )
        in_fleet = FleetChanges(
            core, self._due, watched, intents=intents, kind_gone=at_hub.kind_gone
        )
        manner = Manner(parts.claims, self._endings.see, asyncio.Semaphore(FLEET_LISTS))
        core.hub = Hub(
            parts.hub, parts.dialects, events=at_hub, domain=parts.domain, manner=manner, **means
        )
        core.fleet = Fleet(
            parts.installation,
            events=in_fleet,
            new_lane=self._new_lane,
            certificates=core.keys,
            hub=parts.hub,
            **means,
        )
        core.declared = Everywhere(
            parts.installation,
            core.hub,
            core.fleet,
            parts.dialects,
            events=at_hub,
            manner=manner,
            means=means,
        )

    def _work(self) -> None:
        """Make what reads, decides and delivers."""
        parts, core, due = self._parts, self._core, self._due
        resolving = Resolving(parts.installation, parts.hub, core.fleet)
        core.stores = self._store_changes.stores(resolving)
        core.readings = Readings(
            parts,
            core.declared,
            core.fleet,
            core.stores,
            resolving=resolving,
            keys=core.keys,
            due=due.afresh,
        )
        core.deletions = Deletions(
            parts, core.declared, core.fleet, core.intents, resolving=resolving, wake=due.wake
        )
        core.worker = Worker(
            parts,
            core.declared,
            core.fleet,
            core.intents,
            core.results,
            readings=core.readings,
            deletions=core.deletions,
            changed=self._changed,
        )

    def _say(self) -> None:
        """Make what says how everything stands."""
        parts, core = self._parts, self._core
        answers = Answers(
            core.declared,
            core.fleet,
            core.intents,
            core.results,
            core.readings.revisions,
            busy=self._busy,
            others=self._say_of_others,
            is_silent=core.stores.is_foreign,
            progress=core.readings.refreshing.said,
            is_unjudged=core.deletions.breaker.gate.is_unjudged,
        )
        clients = core.declared.client
        core.telling = Telling(parts.tell, parts.new_recorder, clients)
        core.statuses = Statuses(clients, answers, core.telling.tell, parts.clock, parts.hooks)
        core.clusters = ClusterStatuses(parts.hub, parts.clock, core.results.in_sync)
        core.parents = Parents(
            core.declared, core.statuses.changed, clock=parts.clock, random=parts.random
        )

    def _means(self) -> Means:
        return Means(clock=self._parts.clock, random=self._parts.random, hooks=self._parts.hooks)

    def _new_lane(self, snapshot: ClusterSnapshot) -> Lane:
        name = snapshot.name
        return Lane(
            name,
            partial(self._core.worker.work, name),
            busy=self._busy,
            hooks=self._parts.hooks,
            random=self._parts.random,
        )

    # What passes lead to.

    def _settled(self, key: IntentKey) -> None:
        core = self._core
        core.readings.rounds.drop(key)
        if core.stores.holds_values and core.fleet.is_idle():
            core.stores.round_over()
        core.statuses.settled(key)

    def _changed(self, key: IntentKey, cluster: ClusterName | None = None) -> None:
        self._core.statuses.changed(key)
        entry = self._core.fleet.get(cluster) if cluster else None
        if entry is not None:
            self._core.clusters.counted(entry)

    def _say_of_others(self, dialect: Dialect, kind: Kind, key: IntentKey) -> Say | None:
        if kind.role is Role.PARENT:
            return self._core.parents.say(key)
        if kind.role is Role.STORE:
            return self._store_changes.say(cast("StoreDialect", dialect), key)
        return None
