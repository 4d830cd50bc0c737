# SPDX-License-Identifier: Apache-2.0
"""When a store is asked again: policy, interval and windows of a manifest; pure.

The decision is upstream's (external-secrets.io, `refreshPolicy`): what was never synced is due; a
changed manifest is due unless it is to be synced once; then time decides, where windows let it.
Source: docs/compat/eso.md, "When a store is asked again".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from keyfleet.model.windows import Windows

SHORTEST: Final = timedelta(seconds=1)
"""A shorter interval counts as this one: no manifest may have its store asked without a pause."""
_LONGEST: Final = timedelta(days=300 * 365)
"""An interval beyond is as good as none, and no calendar goes on for ever."""


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
    windows: Windows | None = None
    """What time makes due waits for these; nothing else does."""

    @property
    def is_once(self) -> bool:
        """Tell whether time never makes it due."""
        is_timed = self.policy is RefreshPolicy.PERIODIC
        return not is_timed or self.interval is None or self.interval <= timedelta()

    @property
    def every(self) -> timedelta:
        """The interval, within bounds; for what time makes due."""
        return min(max(self.interval or SHORTEST, SHORTEST), _LONGEST)


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
    is_new = not standing.is_synced or standing.refreshed_at is None
    if refresh.policy is RefreshPolicy.CREATED_ONCE:
        return is_new
    if refresh.policy is RefreshPolicy.ON_CHANGE:
        return is_new or not standing.is_version_same
    if refresh.is_once and standing.is_synced:
        return False
    expires = _expires(refresh, standing, now)
    if not standing.is_version_same or expires is None:
        return True
    return expires <= now and (refresh.windows is None or refresh.windows.allows(now))


def next_due(refresh: Refresh, standing: Standing, now: datetime) -> datetime | None:
    """Return when to look again: now where it is due, None where only a change makes it so."""
    if is_due(refresh, standing, now):
        return now
    expires = None if refresh.is_once else _expires(refresh, standing, now)
    if expires is None or refresh.windows is None:
        return expires
    return refresh.windows.next_allowed(max(expires, now))


def _expires(refresh: Refresh, standing: Standing, now: datetime) -> datetime | None:
    """Return when the last reading is old; None: there was none, or only in the future."""
    if standing.refreshed_at is None or standing.refreshed_at > now or refresh.interval is None:
        return None
    return standing.refreshed_at + refresh.every
