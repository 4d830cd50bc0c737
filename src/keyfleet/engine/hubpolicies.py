# SPDX-License-Identifier: Apache-2.0
"""What the hub's FleetPolicies say, and whether all of them are known.

They are known while they are served, listed and may be looked at. Nothing is delivered without
them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from keyfleet.base.errors import DeniedError
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.hubobjects import Document, is_status_only
from keyfleet.engine.policies import PolicyStatuses, policies_from
from keyfleet.engine.relay import relay
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.resources import FLEETPOLICIES
from keyfleet.model.policy import Policies

ObjectKey = tuple[str, str]

POLICIES_S = 5.0
"""How often FleetPolicies that may not be looked at are asked for again."""


class HubPolicies:
    """The FleetPolicies of the hub, while their kind is served and while it is not."""

    def __init__(self, client: Client, on_change: Callable[[], None], means: Means) -> None:
        """Prepare.

        Args:
            client: The hub.
            on_change: Called when what may be read and written changed.
            means: Of the watch.
        """
        hooks = relay(means["hooks"], lambda _: self._look())
        self._means = Means(clock=means["clock"], random=means["random"], hooks=hooks)
        self._client = client
        self._on_change = on_change
        self._clock = means["clock"]
        self._read = Policies(is_complete=False)
        self._was_doubted = False
        """Somebody was told that they are not known, though no change to that was announced."""
        self._statuses = PolicyStatuses(client, means["clock"])
        self._informer: Informer[Document] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def current(self) -> Policies:
        """What the FleetPolicies say now; incomplete while they may not be looked at."""
        if self._are_known():
            return self._read
        # A denial is no new state of a watch that had failed already: nobody was called.
        self._was_doubted = True
        return replace(self._read, is_complete=False)

    def serve(self) -> Informer[Document]:
        """Return the watch to run, now that the kind is served."""
        informer: Informer[Document] = Informer(
            self._client,
            Collection(FLEETPOLICIES, full_object),
            self._changed,
            **self._means,
        )
        self._informer = informer
        self._tasks.append(spawn(self._listed(informer), name="policies"))
        self._tasks.append(spawn(self._insist(informer), name="policies"))
        return informer

    def withdraw(self) -> None:
        """Know nothing any more: the kind is not served."""
        self._informer = None
        self._read = Policies(is_complete=False)
        self._on_change()

    async def close(self) -> None:
        """Stop what was started for the policies; the watch belongs to who runs it."""
        await self._statuses.close()
        await stop(*self._tasks)

    def _changed(self, key: ObjectKey, old: Document | None, new: Document | None) -> None:
        del key
        if old is None or new is None or not is_status_only(old, new):
            self._read_all()

    async def _listed(self, informer: Informer[Document]) -> None:
        # An empty list calls nobody, and is as complete as any other.
        await informer.wait_synced()
        self._read_all()

    async def _insist(self, informer: Informer[Document]) -> None:
        # Nothing is delivered without them, so the right to see them is looked for more often than
        # any other that is missing.
        while self._informer is informer:
            await self._clock.sleep(POLICIES_S)
            if is_denied(informer):
                # That a failed watch is denied on its next attempt is no new state to hear of.
                self._look()
                informer.nudge()

    def _look(self) -> None:
        is_known = self._are_known()
        if self._read.is_complete != is_known or (is_known and self._was_doubted):
            self._read_all()

    def _read_all(self) -> None:
        informer = self._informer
        documents: Mapping[ObjectKey, Document] = informer.items if informer else {}
        found = policies_from(documents.values(), is_complete=self._are_known())
        self._statuses.changed(documents.values(), found.refused)
        was_doubted, self._was_doubted = self._was_doubted, False
        if found.policies != self._read or was_doubted:
            self._read = found.policies
            self._on_change()

    def _are_known(self) -> bool:
        # What was listed before the right to look was lost is no complete list any more; while the
        # hub is only away it is, since what it does not show it does not change either.
        informer = self._informer
        return informer is not None and informer.synced and not is_denied(informer)


def is_denied(informer: Informer[Any]) -> bool:
    """Tell whether what an informer watches may not be looked at."""
    return isinstance(informer.error, DeniedError)
