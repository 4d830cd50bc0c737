# SPDX-License-Identifier: Apache-2.0
"""The sealing keys of the whole fleet: which clusters' are held, and since when nobody needs them.

A cluster's keys are held where SealedSecrets are ours and served there, or while something asks for
them. They are asked for when a value is to be opened; the first to ask waits a moment.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from keyfleet.base.errors import NotFoundError, TemporaryError
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.base.sealing import Keyset, SealingCertificate
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.sealing.clusterkeys import ClusterKeys
from keyfleet.engine.sealing.keyevents import KeyEvents
from keyfleet.engine.sealing.keythread import Aside, in_thread
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.client import Client
from keyfleet.model.places import ClusterName

log = get_logger("sealing")

SWEEP_S = 60.0
"""How soon keys that nobody needs any more are held no longer, about, and how often a cluster that
was away is looked for."""

Find = Callable[[ClusterName], tuple[ClusterName, Client] | None]
"""The name that a cluster goes by (empty: the hub) and the way to it; None: there is none. Raises
TemporaryError while it is away."""


class FleetKeys:
    """Holds the keys of those clusters that need them."""

    def __init__(
        self,
        settings: SealingSettings,
        *,
        find: Find,
        is_needed: Callable[[ClusterName], bool],
        may_make: Callable[[ClusterName], bool],
        events: KeyEvents,
        means: Means,
        aside: Aside = in_thread,
    ) -> None:
        """Hold nothing yet.

        Args:
            settings: Of all clusters.
            find: Finds a cluster by any of its names.
            is_needed: Whether anything is to be opened with the keys of a cluster.
            may_make: Whether this replica may write in a cluster now.
            events: Told about keys.
            means: Of the watches.
            aside: What works on keys beside the event loop.
        """
        self.settings = settings
        self._find = find
        self._is_needed = is_needed
        self._may_make = may_make
        self._events = events
        self._means = means
        self._aside = aside
        self._held: dict[ClusterName, ClusterKeys] = {}
        self._makers: set[ClusterName] = set()
        self._asked: dict[ClusterName, float] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[ClusterKeys]:
        return iter(list(self._held.values()))

    def start(self) -> None:
        """Begin to let go of what nobody needs."""
        self._sweeping = spawn(self._sweep(), name="sweep keys")

    async def close(self) -> None:
        """Stop everything; no key is held any longer."""
        await stop(self._sweeping)
        held, self._held = self._held, {}
        await all_of((one.stop() for one in held.values()), name="stop keys")
        await stop(*self._ending)

    # Whoever opens or seals.

    def keyset(self, cluster: ClusterName) -> Keyset:
        """Return the keys that open what was sealed for a cluster.

        Raises:
            NotFoundError: `sealing.no_cluster`: no cluster answers to that name.
            NotReadyError: `sealing.keys_unknown`: they were not listed yet (engine: asks again;
                who waits is woken when they are).
            TemporaryError: The cluster is away.
        """
        return self._of(cluster).keyset

    async def heard(self, cluster: ClusterName) -> None:
        """Wait a moment until the keys of a cluster are known; `keyset` says what came of it."""
        try:
            held = self._of(cluster)
        except (NotFoundError, TemporaryError):
            return
        await held.heard()

    def certificate(self, cluster: ClusterName) -> SealingCertificate | None:
        """Return what to seal with for a cluster; None: it has no key.

        Raises:
            NotFoundError, NotReadyError, TemporaryError: As `keyset`.
        """
        return self._of(cluster).certificate

    def of(self, cluster: ClusterName) -> ClusterKeys | None:
        """Return the keys of a cluster by the name that it goes by; None: they are not held."""
        return self._held.get(cluster)

    # Where keys are made.

    def serve(self, cluster: ClusterName, *, is_served: bool) -> None:
        """SealedSecrets that are ours are served in a cluster, or no more.

        Args:
            cluster: By the name that it goes by; empty is the hub.
            is_served: Whether they are.
        """
        if not is_served:
            self._makers.discard(cluster)
            if (held := self._held.get(cluster)) is not None:
                held.make(is_wanted=False)
            return
        self._makers.add(cluster)
        self._make(cluster)

    def release(self, cluster: ClusterName) -> None:
        """A cluster is let go, or logged in to anew: its keys are held no longer."""
        self._makers.discard(cluster)
        self._let_go(cluster)

    def shared(self, cluster: ClusterName) -> dict[str, list[ClusterName]]:
        """Return which keys of a cluster others hold too: fingerprint to all such clusters."""
        holders: dict[str, list[ClusterName]] = defaultdict(list)
        for held in self._held.values():
            for key in held.known.found if held.known else ():
                if held.cluster not in holders[key.fingerprint]:
                    holders[key.fingerprint].append(held.cluster)
        return {
            fingerprint: sorted(names)
            for fingerprint, names in holders.items()
            if len(names) > 1 and cluster in names
        }

    def _make(self, cluster: ClusterName) -> None:
        try:
            found = self._find(cluster)
        except TemporaryError as error:
            # It is away, and is looked for at each sweep.
            log.debug("sealing.cluster_away", cluster=cluster, code=error.code)
            return
        if found is not None:
            self._hold(*found).make(is_wanted=True)

    def _of(self, cluster: ClusterName) -> ClusterKeys:
        found = self._find(cluster)
        if found is None:
            raise NotFoundError("sealing.no_cluster", "no cluster answers to that name", cluster)
        self._asked[found[0]] = self._means["clock"].monotonic()
        return self._hold(*found)

    def _hold(self, cluster: ClusterName, client: Client) -> ClusterKeys:
        held = self._held.get(cluster)
        if held is not None and held.client is client:
            return held
        self._let_go(cluster)
        held = self._held[cluster] = ClusterKeys(
            cluster,
            client,
            self.settings,
            events=self._events,
            may_make=lambda: self._may_make(cluster),
            means=self._means,
            aside=self._aside,
        )
        held.makes = cluster in self._makers
        held.start()
        return held

    def _let_go(self, cluster: ClusterName) -> None:
        held = self._held.pop(cluster, None)
        self._asked.pop(cluster, None)
        if held is not None:
            task = spawn(held.stop(), name=f"drop keys {cluster}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _sweep(self) -> None:
        while True:
            await self._means["clock"].sleep(SWEEP_S)
            for cluster in self._makers - set(self._held):
                self._make(cluster)
            for cluster in self._idle():
                log.info("sealing.keys_dropped", cluster=cluster)
                self._let_go(cluster)

    def _idle(self) -> Iterable[ClusterName]:
        now = self._means["clock"].monotonic()
        return [
            cluster
            for cluster in self._held
            if cluster not in self._makers
            and now - self._asked.get(cluster, float("-inf")) > SWEEP_S
            and not self._is_needed(cluster)
        ]
