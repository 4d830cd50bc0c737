# SPDX-License-Identifier: Apache-2.0
"""Schedules as Go's cron libraries read them: five fields, or `@daily`, `@every 1h`; in UTC.

`?` is `*`, months and weekdays have names, Sunday is 0 and never 7, and a day has to suit both
fields only where one of them is a plain `*`. Packages for Python read more than that (`L`, `#`, 7)
and know of summer time, which none of these schedules has.
Source: docs/compat/eso.md, "Sync windows"; the vectors beside the tests are Go's answers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from keyfleet.base import goduration
from keyfleet.base.errors import InvalidInputError

_EVERY: Final = "@every "
_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_DAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_BOUNDS: Final[tuple[tuple[int, int, Mapping[str, int]], ...]] = (
    (0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, _MONTHS), (0, 6, _DAYS),
)  # fmt: skip
_NUMBER: Final = re.compile(r"\+?[0-9]{1,9}")
_LONGEST: Final = 1000
_YEARS: Final = 5
"""How far ahead a firing is looked for."""
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Field:
    """The values that suit one field."""

    values: frozenset[int]
    is_star: bool
    """It is a plain `*`, which leaves the choice of days to the other field."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Fires at minutes of a calendar."""

    minute: _Field
    hour: _Field
    day: _Field
    month: _Field
    weekday: _Field

    def after(self, moment: datetime) -> datetime | None:
        """Return the first firing after a moment in UTC; None: none within five years."""
        for day in self._days(moment):
            is_first = day.date() == moment.date()
            for hour in sorted(self.hour.values):
                if is_first and hour < moment.hour:
                    continue
                for minute in sorted(self.minute.values):
                    found = day.replace(hour=hour, minute=minute)
                    if found > moment:
                        return found
        return None

    def _days(self, first: datetime) -> Iterator[datetime]:
        day = first.replace(hour=0, minute=0, second=0, microsecond=0)
        while day.year <= first.year + _YEARS:
            if day.month not in self.month.values:
                # A schedule may have days in few months, or none: 30 February.
                day = _next_month(day)
                continue
            if self._suits(day):
                yield day
            day += timedelta(days=1)

    def _suits(self, day: datetime) -> bool:
        by_date = day.day in self.day.values
        by_weekday = day.isoweekday() % 7 in self.weekday.values
        if self.day.is_star or self.weekday.is_star:
            return by_date and by_weekday
        return by_date or by_weekday


def _next_month(day: datetime) -> datetime:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Every:
    """Fires so long after whatever moment one asks about; on the second."""

    delay: timedelta

    def after(self, moment: datetime) -> datetime | None:
        """Return the first firing after a moment."""
        return (moment + self.delay).replace(microsecond=0)


Schedule = Calendar | Every


@lru_cache(maxsize=512)
def schedule_of(text: str) -> Schedule | None:
    """Return the schedule that a text means; None: it means none."""
    if text.startswith(_EVERY):
        return _every(text.removeprefix(_EVERY))
    parts = _DESCRIPTORS.get(text, text).split()
    if len(parts) != len(_BOUNDS) or len(text) > _LONGEST:
        return None
    fields = [_field(part, *bounds) for part, bounds in zip(parts, _BOUNDS, strict=True)]
    minute, hour, day, month, weekday = fields
    if minute is None or hour is None or day is None or month is None or weekday is None:
        return None
    return Calendar(minute, hour, day, month, weekday)


def _every(text: str) -> Every | None:
    try:
        delay = goduration.parse(text)
    except InvalidInputError:
        return None
    return Every(max(delay - timedelta(microseconds=delay.microseconds), _SECOND))


def _field(text: str, least: int, most: int, names: Mapping[str, int]) -> _Field | None:
    values: set[int] = set()
    is_star = False
    for part in filter(None, text.split(",")):
        taken = _range(part, least, most, names)
        if taken is None:
            return None
        values.update(taken)
        is_star = is_star or part in ("*", "?", "*/1", "?/1")
    return _Field(frozenset(values), is_star)


def _range(text: str, least: int, most: int, names: Mapping[str, int]) -> range | None:
    span, slash, step_text = text.partition("/")
    low, hyphen, high = span.partition("-")
    step = _number(step_text, {}) if slash else 1
    if low in ("*", "?"):
        first: int | None = least
        last: int | None = most
    else:
        first = _number(low, names)
        last = _number(high, names) if hyphen else (most if slash else first)
    if first is None or last is None or not step:
        return None
    return range(first, last + 1, step) if least <= first <= last <= most else None


def _number(text: str, names: Mapping[str, int]) -> int | None:
    named = names.get(text.lower())
    if named is not None:
        return named
    return int(text) if _NUMBER.fullmatch(text) else None
