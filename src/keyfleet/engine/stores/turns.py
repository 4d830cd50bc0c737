# SPDX-License-Identifier: Apache-2.0
"""Who may ask now: the rooms and gates of all services, made as they are needed."""

from random import Random

from keyfleet.base.clock import Clock
from keyfleet.base.tasks import all_of
from keyfleet.engine.stores.fetches import Source
from keyfleet.engine.stores.limits import NEIGHBOURS_MAX, READINGS_MAX, Gate
from keyfleet.engine.stores.room import Room, Wake
from keyfleet.model.places import IntentKey
from keyfleet.model.stores import StoreRef


class Turns:
    """Keeps one tenant's, or one service's, troubles from others."""

    def __init__(self, *, clock: Clock, random: Random, wake: Wake) -> None:
        """Make no room and no gate yet.

        Args:
            clock: For pauses and pace.
            random: For jitter.
            wake: Told who may come again.
        """
        self._clock = clock
        self._random = random
        self._wake = wake
        self._gates: dict[tuple[str, str, str], Gate] = {}
        self._rooms: dict[str, Room] = {}

    def home(self, asker: IntentKey) -> Room:
        """Return where an intent waits beside its neighbours."""
        return self._room(f"namespace {asker.cluster}/{asker.namespace}", NEIGHBOURS_MAX)

    def lobby(self, source: Source) -> Room:
        """Return where all wait who ask a service."""
        return self._room(_service(source), READINGS_MAX)

    def gate(self, source: Source, ref: StoreRef) -> Gate:
        """Return the way to a service, for those who ask it as the same login."""
        # Whom nobody confirmed has only himself to blame.
        key = (source.provider, source.endpoint, source.principal or str(ref))
        if key not in self._gates:
            self._gates[key] = Gate(
                _service(source), clock=self._clock, random=self._random, wake=self._wake
            )
        return self._gates[key]

    def tidy(self) -> None:
        """Drop what nobody uses."""
        for key in [key for key, gate in self._gates.items() if gate.is_idle]:
            del self._gates[key]
        for name in [name for name, room in self._rooms.items() if room.is_empty]:
            del self._rooms[name]

    async def close(self) -> None:
        """Close all gates."""
        await all_of((gate.close() for gate in self._gates.values()), name="close gate")

    def _room(self, name: str, places: int) -> Room:
        if name not in self._rooms:
            self._rooms[name] = Room(name, places, wake=self._wake)
        return self._rooms[name]


def _service(source: Source) -> str:
    return f"{source.provider} {source.endpoint}"
