# SPDX-License-Identifier: Apache-2.0
"""How long does a change take? From the moment it could be seen to its last write in a cluster."""

from keyfleet.base.clock import Clock
from keyfleet.model.places import ClusterName, IntentKey


class Propagation:
    """Running stopwatches, one per (intent, cluster) with a change under way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: dict[IntentKey, dict[ClusterName, float]] = {}

    def began(self, key: IntentKey, cluster: ClusterName, *, at: float | None = None) -> None:
        """Start the watch, unless an earlier change is still under way; `at` puts one back."""
        began = self._began.setdefault(key, {})
        began.setdefault(cluster, self._clock.monotonic() if at is None else at)

    def take(self, key: IntentKey, cluster: ClusterName) -> float | None:
        """Return when the change under way began, and stop its watch."""
        began = self._began.get(key, {})
        at = began.pop(cluster, None)
        if not began:
            self._began.pop(key, None)
        return at

    def forget(self, key: IntentKey) -> None:
        """Drop every watch of an intent that is gone."""
        self._began.pop(key, None)
