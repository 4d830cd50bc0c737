# SPDX-License-Identifier: Apache-2.0
"""Windows of time in which stores are asked again, or are not.

A window is open from each firing of its schedule for its duration, both ends included. A schedule
that cannot be read is never open. `@every` counts from whatever moment one asks about, so that such
a window is always open where it lasts at least that long, and never else: so it is upstream.
Source: docs/compat/eso.md, "Sync windows".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from keyfleet.model.cron import schedule_of

_LEAST: Final = timedelta(microseconds=1)
_STEPS_MAX: Final = 16


class WindowKind(StrEnum):
    """What open windows mean."""

    ALLOW = "allow"
    """Some window has to be open."""
    DENY = "deny"
    """No window may be open."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window, again and again."""

    schedule: str
    """Five cron fields, or a word such as `@daily`; UTC."""
    duration: timedelta

    def opened(self, now: datetime) -> datetime | None:
        """Return the first firing that keeps it open now; None: it is closed."""
        schedule = schedule_of(self.schedule)
        fired = schedule.after(now - self.duration - _LEAST) if schedule else None
        return fired if fired is not None and fired <= now else None

    def opens(self, now: datetime) -> datetime | None:
        """Return the next firing; None: none is known."""
        schedule = schedule_of(self.schedule)
        return schedule.after(now) if schedule else None


@dataclass(frozen=True, slots=True)
class Windows:
    """When a refresh that is due by time may happen; no windows at all allow any."""

    kind: WindowKind = WindowKind.ALLOW
    windows: tuple[Window, ...] = ()

    def allows(self, now: datetime) -> bool:
        """Tell whether a refresh may happen now."""
        if not self.windows:
            return True
        is_open = any(window.opened(now) for window in self.windows)
        return is_open == (self.kind is WindowKind.ALLOW)

    def next_allowed(self, now: datetime) -> datetime | None:
        """Return a moment to look again, now where it is allowed; None: it never will be.

        It is not after the first moment that is allowed, and before it only where windows that
        forbid follow one another without end.
        """
        if self.allows(now):
            return now
        if self.kind is WindowKind.ALLOW:
            return min(self._openings(now), default=None)
        moment = now
        for _ in range(_STEPS_MAX):
            closing = [
                fired + window.duration
                for window in self.windows
                if (fired := window.opened(moment)) is not None
            ]
            if not closing:
                break
            moment = max(moment, *closing) + _LEAST
        return moment

    def _openings(self, now: datetime) -> Iterator[datetime]:
        """Yield when windows open that are open at their own firing: all but those of `@every`."""
        for window in self.windows:
            opens = window.opens(now)
            if opens is not None and window.opened(opens) is not None:
                yield opens
