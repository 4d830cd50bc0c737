# SPDX-License-Identifier: Apache-2.0
"""Everything that a deletion has to pass in one engine, put together."""

from collections.abc import Callable
from functools import partial

from keyfleet.base.means import Means
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.deletion.breaker import Breaker
from keyfleet.engine.deletion.confirm import Confirmations
from keyfleet.engine.deletion.departures import Departures
from keyfleet.engine.deletion.doomed import Doomed, Lane
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.intents import Intents
from keyfleet.engine.parts import Parts
from keyfleet.engine.resolving import Resolving
from keyfleet.engine.targets import Gatherer
from keyfleet.model.ownership import Marker
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Finding


class Deletions:
    """The breaker, what it surveys, and what confirms that an intent is gone."""

    def __init__(
        self,
        parts: Parts,
        declared: Everywhere,
        fleet: Fleet,
        intents: Intents,
        *,
        resolving: Resolving,
        wake: Callable[[Lane], None],
    ) -> None:
        """Prepare; the breaker starts when it is told to.

        Args:
            parts: What the engine is made of.
            declared: The manifests, of the hub and of members, and whether all are known.
            fleet: The clusters.
            intents: The intents.
            resolving: Finds clusters by name.
            wake: Runs a key again in a cluster, since a verdict about its deletions changed.
        """
        self._parts = parts
        self._declared = declared
        self._intents = intents
        self._resolving = resolving
        self.doomed = Doomed(
            parts.installation, declared, fleet, intents, partial(self.gatherer, is_granted=False)
        )
        self.breaker = Breaker(
            parts.hub,
            self.doomed,
            policies=lambda: declared.hub.policies,
            is_fleet_known=fleet.is_settled,
            is_idle=fleet.is_idle,
            wake=wake,
            tell=parts.tell,
            means=Means(clock=parts.clock, random=parts.random, hooks=parts.hooks),
        )
        self.confirmations = Confirmations(parts.hub, parts.installation.hub, declared.ground)
        self.departures = Departures(self.confirmations, self.breaker.gate, self.doomed)

    def gatherer(self, *, is_granted: bool = True) -> Gatherer:
        """Return who gathers the questions of a pass now.

        Args:
            is_granted: Whether an approval overcomes what holds the deletion of orphans.
        """
        return Gatherer(
            self._parts.installation,
            self._declared.hub.policies,
            self._intents,
            self._hold if is_granted else self._declared.deletion_hold,
            self._resolving.accepted_names,
            self._resolving.facts_now,
        )

    def _hold(self, key: IntentKey, marker: Marker | None) -> Finding | None:
        hold = self._declared.deletion_hold(key, marker)
        return self.breaker.gate.orphan_hold(key, marker, hold)
