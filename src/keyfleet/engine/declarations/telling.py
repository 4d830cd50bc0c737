# SPDX-License-Identifier: Apache-2.0
"""Kubernetes Events about manifests, in the cluster where each manifest is."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.statuses import Tell
from keyfleet.kube.client import Client
from keyfleet.kube.events import EventRecorder, Regarding
from keyfleet.kube.resources import Resource
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.plugin import Event

NewRecorder = Callable[[Client], EventRecorder]
ACTION = "Deliver"


@dataclass(frozen=True, slots=True)
class _Told:
    recorder: EventRecorder
    task: asyncio.Task[None]


class Telling:
    """Passes events on to a recorder of each cluster, which bounds their rate."""

    def __init__(
        self,
        hub: Tell,
        new_recorder: NewRecorder | None,
        client_of: Callable[[ClusterName], Client | None],
    ) -> None:
        """Prepare.

        Args:
            hub: Where those of the hub go.
            new_recorder: Makes the recorder of a member; None: nothing is told there.
            client_of: The way to a member; None while it is away.
        """
        self._hub = hub
        self._new_recorder = new_recorder
        self._client_of = client_of
        self._members: dict[ClusterName, _Told] = {}

    def tell(self, origin: Origin, resource: Resource, events: tuple[Event, ...]) -> None:
        """Tell something about a manifest; what a cluster cannot hear now is dropped."""
        if not origin.cluster:
            self._hub(origin, resource, events)
        elif events and (recorder := self._recorder(origin.cluster)) is not None:
            record(recorder, origin, resource, events)

    async def stop(self, cluster: ClusterName) -> None:
        """A member is let go: what was not sent is dropped."""
        told = self._members.pop(cluster, None)
        await stop(told.task if told else None)

    async def close(self) -> None:
        """Stop."""
        await stop(*(told.task for told in self._members.values()))

    def _recorder(self, cluster: ClusterName) -> EventRecorder | None:
        told = self._members.get(cluster)
        if told is not None:
            return told.recorder
        client = self._client_of(cluster)
        if client is None or self._new_recorder is None:
            return None
        recorder = self._new_recorder(client)
        task = spawn(recorder.run(), name=f"events {cluster}")
        self._members[cluster] = _Told(recorder, task)
        return recorder


def record(
    recorder: EventRecorder, origin: Origin, resource: Resource, events: tuple[Event, ...]
) -> None:
    """Record events about a manifest."""
    about = Regarding(resource, origin.namespace, origin.name, origin.uid)
    for event in events:
        recorder.record(about, kind=event.type, reason=event.reason, action=ACTION, note=event.note)
