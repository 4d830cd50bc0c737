# SPDX-License-Identifier: Apache-2.0
"""Time as an argument: stages get a `Clock`, tests move it by hand."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tell and pass the time."""

    def now(self) -> datetime:
        """Return the wall clock, in UTC; for people and records, never for durations."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back; for durations and deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, by the monotonic clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the wall clock, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(seconds)


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 with seconds, as Kubernetes writes times.

    >>> timestamp(datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    '2026-11-20T10:00:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(moment: datetime) -> str:
    """Return RFC 3339 with microseconds (Lease and Event times).

    >>> micro_timestamp(datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    '2026-11-20T10:00:00.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_timestamp(text: str) -> datetime:
    """Return the moment an RFC 3339 text names; `ValueError` when it names none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
