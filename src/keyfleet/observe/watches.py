# SPDX-License-Identifier: Apache-2.0
"""The state of every watch and how long ago it was heard, worked out when somebody asks.

An age changes without an event, so it cannot be a stored number; and a plain dict is a tenth of the
memory that one stored series per watch and state would take with a thousand clusters.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from keyfleet.base.clock import Clock
from keyfleet.observe.families import WATCH_AGE, WATCH_STATE

STATES = ("listing", "live", "failed")
"""States that a running watch can be in."""
STOPPED = "stopped"
_BADNESS = ("live", "listing", "failed")


@dataclass(slots=True)
class _Watch:
    state: str
    heard_at: float


class Watches(Collector):
    """All watches by cluster, kind, and what tells several of a kind apart.

    A series is one (cluster, kind, purpose): a cluster may be watched for hundreds of sources, and
    the one that fell silent must not be hidden behind those that did not.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watches: dict[tuple[str, str, str], _Watch] = {}

    def change(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        """Note a state; one that stopped is forgotten."""
        key = (cluster, resource, watch)
        if state == STOPPED:
            self._watches.pop(key, None)
        elif key in self._watches:
            self._watches[key].state = state
        else:
            self._watches[key] = _Watch(state, self._clock.monotonic())

    def hear(self, cluster: str, resource: str, watch: str = "") -> None:
        """Note that a watch got something; an unknown watch stays unknown."""
        known = self._watches.get((cluster, resource, watch))
        if known is not None:
            known.heard_at = self._clock.monotonic()

    def remove(self, cluster: str) -> None:
        """Forget the watches of a cluster."""
        for key in [key for key in self._watches if key[0] == cluster]:
            del self._watches[key]

    def describe(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        """Return the two families without samples."""
        return WATCH_STATE.samples(), WATCH_AGE.samples()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the two families as of now."""
        states, ages = self.describe()
        now = self._clock.monotonic()
        for labels, worst in self._worst().items():
            for state in STATES:
                states.add_metric((*labels, state), float(state == worst.state))
            ages.add_metric(labels, now - worst.heard_at)
        yield from (states, ages)

    def _worst(self) -> dict[tuple[str, str, str], _Watch]:
        found: dict[tuple[str, str, str], _Watch] = {}
        for (cluster, resource, name), watch in self._watches.items():
            labels = (cluster, resource, name.partition(":")[0])
            known = found.get(labels, watch)
            state = max(known.state, watch.state, key=_BADNESS.index)
            found[labels] = _Watch(state, min(known.heard_at, watch.heard_at))
        return found
