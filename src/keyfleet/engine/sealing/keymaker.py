# SPDX-License-Identifier: Apache-2.0
"""Make the next sealing key of a cluster, once, when it is due and may be made."""

from collections.abc import Callable
from datetime import datetime, timedelta

from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, DeniedError
from keyfleet.base.log import get_logger
from keyfleet.base.sealing import KeyPair
from keyfleet.engine.sealing.keyevents import KeyEvents
from keyfleet.engine.sealing.keysecrets import KeySecrets, by_age
from keyfleet.engine.sealing.keythread import Aside
from keyfleet.engine.sealing.making import due_at, gap_s, manifest_of, name_of_next, new_pair
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.client import Client
from keyfleet.kube.resources import NAMESPACES, SECRETS
from keyfleet.model.places import ClusterName

log = get_logger("sealing")

RECHECK_S = 30.0
"""How soon a cluster that is paused, or a pause between keys, is looked at again."""
SPARE_FOR = timedelta(hours=1)
"""How long a key that was made and could not be kept is tried again."""
LONGEST_S = 3600.0
"""Wall clocks jump: a renewal is not slept for any longer at once."""


class KeyMaker:
    """Makes and renews the keys of one cluster."""

    def __init__(
        self,
        cluster: ClusterName,
        client: Client,
        settings: SealingSettings,
        *,
        events: KeyEvents,
        may_make: Callable[[], bool],
        clock: Clock,
        aside: Aside,
    ) -> None:
        """Prepare; as for `ClusterKeys`."""
        self._cluster = cluster
        self._client = client
        self._settings = settings
        self._events = events
        self._may_make = may_make
        self._clock = clock
        self._aside = aside
        self._made: list[float] = []
        self._salt = 0
        self._spare: tuple[datetime, KeyPair] | None = None

    def rest_s(self, found: KeySecrets) -> float:
        """Return how long no key need be made; 0: one is due, and may be made.

        Args:
            found: All key Secrets of the cluster.
        """
        now = self._clock.now()
        due = due_at(found.found, self._settings, now)
        if due is None:
            return LONGEST_S
        if due > now:
            return min((due - now).total_seconds(), LONGEST_S)
        if not self._may_make():
            return RECHECK_S
        return gap_s(self._made, self._clock.monotonic())

    async def pair(self) -> KeyPair:
        """Return a key to keep in the cluster; takes a second at 4096 bits."""
        now = self._clock.now()
        # While it cannot be kept, such as for want of a right, each try would cost a second.
        if self._spare is None or not timedelta() <= now - self._spare[0] < SPARE_FOR:
            self._spare = (now, await self._aside(new_pair(self._settings, now)))
        return self._spare[1]

    def forget(self) -> None:
        """Hold no key that was made and not kept."""
        self._spare = None

    async def create(self, pair: KeyPair, found: KeySecrets) -> None:
        """Keep a key in the cluster as the successor of those that were found.

        Raises:
            KeyfleetError: As the client; the next try takes the same key and, soon, the same name.
        """
        settings = self._settings
        place = await self._place()
        name = name_of_next(settings, found, self._salt, place, self._clock.now())
        document = manifest_of(pair, settings, name)
        try:
            made = await self._client.create(SECRETS, document, namespace=settings.namespace)
        except ConflictError:
            # It was made after all; or this name is of something that is no key.
            self._salt += 1
            return
        self.forget()
        self._made.append(self._clock.monotonic())
        log.info("sealing.key_made", cluster=self._cluster, name=made.name)
        self._events.key_made(
            self._cluster, made, is_first=not by_age(found.found, settings.priority)
        )

    async def _place(self) -> str:
        """Return the UID of the namespace of the keys; empty where it may not be read."""
        try:
            seen = await self._client.find_metadata(NAMESPACES, self._settings.namespace)
        except DeniedError:
            seen = None
        return seen.uid if seen else ""
