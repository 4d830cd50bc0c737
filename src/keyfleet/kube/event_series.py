# SPDX-License-Identifier: Apache-2.0
"""Which events are worth a request: repeats become a series, floods are dropped; pure.

Source: compat/fleet.md 3.10.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

SERIES_QUIET_S = 360.0
"""A repeat later than this is a new event."""
BURST = 25
REFILL_S = 300.0
"""One more event per object in this time, once its burst is used up."""
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Happening:
    """What an event says, without when."""

    uid: str
    """UID of the object it is about."""
    type: str
    """`Normal` or `Warning`."""
    reason: str
    action: str
    note: str
    """Constant text; never a value, never a server's answer."""


@dataclass(slots=True)
class Series:
    """An event that was sent, and its repeats."""

    name: str
    count: int
    last_at: float
    """Monotonic seconds."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class SeriesBook:
    """Remember what was said lately."""

    def __init__(self) -> None:
        self._series: OrderedDict[Happening, Series] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def note(self, happening: Happening, *, name: str, now: float) -> Series | None:
        """Return the series that this belongs to, count 1 for a new event; None when it is spam."""
        if not self._has_token(happening.uid, now):
            return None
        series = self._series.get(happening)
        if series is None or now - series.last_at > SERIES_QUIET_S:
            series = Series(name, 0, now)
            _remember(self._series, happening, series)
        series.count += 1
        series.last_at = now
        self._series.move_to_end(happening)
        return series

    def forget(self, happening: Happening) -> None:
        """Begin a new event next time; the sent one is gone."""
        self._series.pop(happening, None)

    def _has_token(self, uid: str, now: float) -> bool:
        bucket = self._buckets.get(uid)
        if bucket is None:
            bucket = _Bucket(float(BURST), now)
            _remember(self._buckets, uid, bucket)
        bucket.tokens = min(float(BURST), bucket.tokens + (now - bucket.filled_at) / REFILL_S)
        bucket.filled_at = now
        self._buckets.move_to_end(uid)
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True


def _remember(book: OrderedDict[K, V], key: K, value: V) -> None:
    book[key] = value
    if len(book) > REMEMBERED:
        book.popitem(last=False)
