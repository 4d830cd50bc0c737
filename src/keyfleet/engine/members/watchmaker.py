# SPDX-License-Identifier: Apache-2.0
"""Makes the watches of one engaged cluster: all share its clock, its hooks and its list slots."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from keyfleet.base.clock import Clock
from keyfleet.base.errors import PermanentError
from keyfleet.base.log import Hooks
from keyfleet.engine.members.scopes import ObjectKey, ScopedWatch
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import Resource

LOOK_S = 0.02
"""Between two looks whether a watch has listed what it watches."""


@dataclass(frozen=True, slots=True)
class WatchMaker:
    """What all watches of a cluster are made with."""

    client: Client
    clock: Clock
    random: Random
    hooks: Hooks
    lists: asyncio.Semaphore | None = None
    """Slots for first lists that many clusters share."""

    def watch(
        self,
        resource: Resource,
        on_change: Callable[[ObjectKey, Metadata | None, Metadata | None], None],
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        purpose: str = "target",
        hooks: Hooks | None = None,
    ) -> Informer[Metadata]:
        """Return a watch that is not running yet; it keeps metadata only."""
        return Informer(
            self.client,
            Collection(resource, METADATA, Selection(namespace, labels, fields), purpose=purpose),
            on_change,
            clock=self.clock,
            random=self.random,
            hooks=hooks or self.hooks,
            lists=self.lists,
        )

    async def listed(
        self, watch: Informer[Metadata] | ScopedWatch, *, is_enough: Callable[[], bool]
    ) -> None:
        """Wait until what is known of a watch is enough.

        Raises:
            PermanentError: Forbidden, or more than is kept: waiting would end in a time limit that
                says nothing.
        """
        while not is_enough():
            if isinstance(watch.error, PermanentError):
                raise watch.error.with_traceback(None)
            await self.clock.sleep(LOOK_S)
