# SPDX-License-Identifier: Apache-2.0
"""How far an API server's clock is from ours, by the Date of its answers."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from keyfleet.base.clock import Clock

_HALF_A_SECOND = 0.5
"""A Date has whole seconds: on average the moment is half a second later."""


class ServerClock:
    """The offset of one server's clock; good to about a second."""

    def __init__(self, clock: Clock) -> None:
        self.offset_s: float | None = None
        """Positive where the server is ahead; None until an answer named a time."""
        self._clock = clock
        self._last = ""

    def hear(self, date: str | None) -> None:
        """Learn the Date of an answer that has just come; what is no date changes nothing."""
        if not date or date == self._last:
            # The first answer of a second says most about it, and parsing costs.
            return
        self._last = date
        try:
            moment = parsedate_to_datetime(date)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            self.offset_s = _seconds(moment, self._clock.now())
        except (ValueError, OverflowError):
            return


def _seconds(moment: datetime, now: datetime) -> float:
    return (moment - now).total_seconds() + _HALF_A_SECOND
