# SPDX-License-Identifier: Apache-2.0
"""How often one requester may ask: a generic cell rate, with upstream's headers.

Source: compat/sealed-secrets.md 3.4.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.base.clock import Clock

REMEMBERED = 65_536
"""Requesters whose last requests are remembered; beyond, who asked longest ago is forgotten."""

Requester = tuple[str, ...]
"""What tells one from another."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once on top."""

    per_second: float = 2.0
    burst: int = 2

    @property
    def interval_s(self) -> float:
        """Time that one request pays with."""
        return 1.0 / self.per_second

    @property
    def at_once(self) -> int:
        """Requests that a new requester may send together."""
        return self.burst + 1

    def times(self, factor: int) -> "Rate":
        """Return a rate that is so many times as high."""
        return Rate(self.per_second * factor, self.at_once * factor - 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may go on."""

    limit: int
    remaining: int
    reset_s: float
    """Until all of the burst is there again."""
    retry_after_s: float = 0.0
    """More than 0: it may not, and another may after this."""

    @property
    def is_allowed(self) -> bool:
        """Whether it may."""
        return self.retry_after_s <= 0

    @property
    def headers(self) -> Mapping[str, str]:
        """What upstream tells of it."""
        wait = {} if self.is_allowed else {"Retry-After": str(math.ceil(self.retry_after_s))}
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset_s)),
            **wait,
        }


class RateLimit:
    """One rate for each requester."""

    def __init__(self, rate: Rate, clock: Clock, remembered: int = REMEMBERED) -> None:
        """Start with nobody known; forget the longest silent beyond `remembered`."""
        self._rate = rate
        self._clock = clock
        self._remembered = remembered
        self._paid_until: OrderedDict[Requester, float] = OrderedDict()

    def ask(self, key: Requester) -> Verdict:
        """Count a request if it is allowed."""
        now, rate = self._clock.monotonic(), self._rate
        most = rate.interval_s * rate.at_once
        owed = max(self._paid_until.get(key, now) - now, 0.0)
        wait = owed + rate.interval_s - most
        # A hair's breadth: times are sums of fractions.
        if wait > 1e-9:
            return Verdict(rate.at_once, 0, owed, wait)
        owed += rate.interval_s
        self._note(key, now + owed)
        left = max(int((most - owed) / rate.interval_s + 1e-9), 0)
        return Verdict(rate.at_once, left, owed)

    def _note(self, key: Requester, paid_until: float) -> None:
        self._paid_until[key] = paid_until
        self._paid_until.move_to_end(key)
        if len(self._paid_until) > self._remembered:
            self._paid_until.popitem(last=False)
