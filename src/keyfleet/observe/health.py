# SPDX-License-Identifier: Apache-2.0
"""Whether this process lives and whether it is ready; two questions with different consequences.

Not alive: the kubelet restarts it, so only a stuck engine counts, never a cluster that is away. Not
ready: a rolling update waits, so a standby is ready (else one replica could never replace another).
"""

from collections.abc import Callable, Sequence

from keyfleet.base.clock import Clock

HEARTBEAT_MAX_S = 30.0
"""An engine that was not heard for so long is stuck."""


class Heartbeat:
    """When the engine's main loop last went round."""

    def __init__(self, clock: Clock, *, max_age_s: float = HEARTBEAT_MAX_S) -> None:
        self._clock = clock
        self._max_age_s = max_age_s
        self._beaten_at = clock.monotonic()

    def beat(self) -> None:
        """Say that the engine is alive."""
        self._beaten_at = self._clock.monotonic()

    def problems(self) -> list[str]:
        """Return why the engine counts as stuck; empty when it lives."""
        age_s = self._clock.monotonic() - self._beaten_at
        if age_s <= self._max_age_s:
            return []
        return [f"the engine was not heard for {age_s:.0f} s (limit {self._max_age_s:.0f} s)"]


class Health:
    """The answers of `/healthz` and `/readyz`."""

    def __init__(self, heartbeat: Heartbeat, not_ready: Callable[[], Sequence[str]]) -> None:
        self._heartbeat = heartbeat
        self._not_ready = not_ready

    def unhealthy(self) -> list[str]:
        """Return why this process should be restarted; empty when it should not."""
        return self._heartbeat.problems()

    def unready(self) -> list[str]:
        """Return why a rolling update should wait; empty when it need not."""
        return [*self._heartbeat.problems(), *self._not_ready()]
