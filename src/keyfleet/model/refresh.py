# SPDX-License-Identifier: Apache-2.0
"""When a store is asked again: policy, interval and windows of a manifest; pure.

The decision is upstream's (external-secrets.io, `refreshPolicy`): what was never synced is due; a
changed manifest is due unless it is to be synced once; then time decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class RefreshPolicy(StrEnum):
    """What makes a store be asked again."""

    PERIODIC = "Periodic"
    ON_CHANGE = "OnChange"
    """Only a change of the manifest."""
    CREATED_ONCE = "CreatedOnce"
    """Nothing, once it was synced."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """When a manifest wants its store asked."""

    policy: RefreshPolicy = RefreshPolicy.PERIODIC
    interval: timedelta | None = None
    """None, zero or less: once, whatever changes."""

    @property
    def is_once(self) -> bool:
        """Tell whether time never makes it due."""
        is_timed = self.policy is RefreshPolicy.PERIODIC
        return not is_timed or self.interval is None or self.interval <= timedelta()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a manifest has come."""

    refreshed_at: datetime | None = None
    """When the last successful reading began."""
    is_synced: bool = False
    """It was carried out at least once."""
    is_version_same: bool = False
    """What was carried out is what the manifest says now."""


def is_due(refresh: Refresh, standing: Standing, now: datetime) -> bool:
    """Tell whether the store is to be asked now."""
    if refresh.policy is RefreshPolicy.CREATED_ONCE:
        return not standing.is_synced or standing.refreshed_at is None
    if refresh.policy is RefreshPolicy.ON_CHANGE:
        is_new = not standing.is_synced or standing.refreshed_at is None
        return is_new or not standing.is_version_same
    if refresh.is_once and standing.is_synced:
        return False
    if not standing.is_version_same or standing.refreshed_at is None:
        return True
    if standing.refreshed_at > now or refresh.interval is None:
        return True
    return standing.refreshed_at + refresh.interval <= now


def next_due(refresh: Refresh, standing: Standing, now: datetime) -> datetime | None:
    """Return when time makes it due; None when only a change does."""
    if is_due(refresh, standing, now):
        return now
    if refresh.is_once or refresh.interval is None or standing.refreshed_at is None:
        return None
    return standing.refreshed_at + refresh.interval
