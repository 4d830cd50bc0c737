# SPDX-License-Identifier: Apache-2.0
"""Reading a time by one of Go's layouts, with Go's words where the text is not like it.

Source: docs/compat/go-templates.md 16.10, 20.5.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.time.calendar import (
    DAY_S,
    date_of,
    days_in,
    days_until,
    is_leap,
)
from keyfleet.transform.gotemplate.formats.time.durations import quoted_inside
from keyfleet.transform.gotemplate.formats.time.layouts import LENGTH_MAX, pieces
from keyfleet.transform.gotemplate.formats.time.moments import MONTHS, WEEKDAYS
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.time.zones import UTC, Zone
from keyfleet.transform.gotemplate.run import Run

_OFFSET_PARTS: Final = ("hour", "minute", "second")
_DIGITS: Final = frozenset("0123456789")


class _BadError(Exception):
    """The text is not like the piece of the layout."""


class _RangeError(Exception):
    """A number is too great; its text says what it is."""


def parse_time(run: Run, layout: str, text: str, zone: Zone = UTC) -> GoTime:
    """Read a time; in the given zone where the text has none of its own.

    Raises:
        GoError: The text is not like the layout: `parsing time "x" as "2006": ...`.
    """
    parts = pieces(layout)
    if len(text) > LENGTH_MAX:
        raise GoError("parsing time: the text is too long")
    run.step((len(layout) + len(text)) // 8)
    reader = _Reader(text)
    for index, (piece, is_piece) in enumerate(parts):
        held = reader.rest
        try:
            if not is_piece:
                reader.skip(piece)
            else:
                reader.read(piece, has_fraction=_is_fraction(parts, index + 1))
        except _BadError:
            raise _unlike(text, layout, held, piece) from None
        except _RangeError as error:
            raise _unfit(text, f"{error} out of range") from None
    if reader.rest:
        raise _unfit(text, 'extra text: "', Data(quoted_inside(reader.rest)), '"')
    return reader.time(zone)


def _is_fraction(parts: tuple[tuple[str, bool], ...], index: int) -> bool:
    return index < len(parts) and parts[index][1] and parts[index][0][0] in ".,"


def _unlike(text: str, layout: str, held: str, piece: str) -> GoError:
    return GoError(
        'parsing time "', Data(quoted_inside(text)), '" as "', Data(quoted_inside(layout)),
        '": cannot parse "', Data(quoted_inside(held)), '" as "', Data(quoted_inside(piece)), '"',
    )  # fmt: skip


def _unfit(text: str, *why: str | Data) -> GoError:
    return GoError('parsing time "', Data(quoted_inside(text)), '": ', *why)


@dataclass(slots=True)
class _Reader:
    """What was read so far."""

    rest: str
    text: str = ""
    year: int = 0
    month: int | None = None
    day: int | None = None
    year_day: int | None = None
    weekday: int = 0
    """Whether it fits the date is not looked at."""
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    is_pm: bool | None = None
    is_utc: bool = False
    offset_s: int | None = None
    abbreviation: str = ""

    def __post_init__(self) -> None:
        self.text = self.rest

    def skip(self, literal: str) -> None:
        """Read the same text; a run of spaces is like any other."""
        while literal:
            if literal[0] == " ":
                if self.rest and self.rest[0] != " ":
                    raise _BadError
                literal, self.rest = literal.lstrip(" "), self.rest.lstrip(" ")
            elif self.rest.startswith(literal[0]):
                word = literal.partition(" ")[0]
                if not self.rest.startswith(word):
                    same = next(i for i, c in enumerate(word) if not self.rest.startswith(c, i))
                    self.rest = self.rest[same:]
                    raise _BadError
                literal, self.rest = literal[len(word) :], self.rest[len(word) :]
            else:
                raise _BadError

    def read(self, piece: str, *, has_fraction: bool) -> None:
        """Read a piece of the layout."""
        if piece[0] in ".,":
            self._read_fraction(piece)
        elif piece[0] in "-Z":
            self._read_offset(piece)
        else:
            _READERS[piece](self)
            if piece in ("05", "5") and not has_fraction:
                self._read_optional_fraction()

    def number(self, *, two: bool = False) -> int:
        """Read one or two digits; exactly two if asked to."""
        count = 2 if self._is_digit(1) else 1
        if not self._is_digit(0) or (two and count == 1):
            raise _BadError
        return int(self._take(count))

    def bounded(self, what: str, least: int, greatest: int, *, two: bool = False) -> int:
        """Read a number within bounds."""
        number = self.number(two=two)
        if not least <= number <= greatest:
            raise _RangeError(what)
        return number

    def word(self, words: tuple[str, ...], size: int | None = None) -> int:
        """Read one of these words, or its first letters, in upper or lower case."""
        for index, full in enumerate(words):
            word = full[:size]
            start = self.rest[: len(word)]
            if start.isascii() and start.lower() == word.lower():
                self._take(len(word))
                return index
        raise _BadError

    def read_year(self) -> None:
        if len(self.rest) < 4 or not self._is_digit(0):
            raise _BadError
        self.year = _number(self._take(4))

    def read_short_year(self) -> None:
        if len(self.rest) < 2:
            raise _BadError
        year = _number(self._take(2))
        self.year = year + (1900 if year >= 69 else 2000)

    def read_padded_day(self) -> None:
        self.rest = self.rest.removeprefix(" ")
        self.day = self.number()

    def read_year_day(self, *, is_padded: bool) -> None:
        for _ in range(2 if is_padded else 0):
            self.rest = self.rest.removeprefix(" ")
        count = next((i for i in range(3) if not self._is_digit(i)), 3)
        if count == 0 or (count < 3 and not is_padded):
            raise _BadError
        self.year_day = int(self._take(count))

    def read_half_day(self, afternoon: str) -> None:
        half = self.rest[:2]
        if half not in (afternoon, "A" + afternoon[1] if afternoon == "PM" else "am"):
            raise _BadError
        self.is_pm = self._take(2) == afternoon

    def read_abbreviation(self) -> None:
        if self.rest.startswith("UTC"):
            self.is_utc = True
            self._take(3)
            return
        size = _abbreviation_size(self.rest)
        if not size:
            raise _BadError
        self.abbreviation = self._take(size)

    def time(self, zone: Zone) -> GoTime:
        """Return the time that was read."""
        if self.is_pm and self.hour < 12:
            self.hour += 12
        elif self.is_pm is False and self.hour == 12:
            self.hour = 0
        days = self._days()
        clock_s = (self.hour * 60 + self.minute) * 60 + self.second
        return self._placed(days * DAY_S + clock_s, zone)

    def _placed(self, local_s: int, zone: Zone) -> GoTime:
        if self.is_utc:
            return GoTime(local_s, self.nanosecond)
        if self.offset_s is not None:
            unix_s = local_s - self.offset_s
            name, offset_s = zone.at(unix_s)
            if offset_s == self.offset_s and self.abbreviation in ("", name):
                return GoTime(unix_s, self.nanosecond, zone)
            return GoTime(unix_s, self.nanosecond, Zone(self.abbreviation, self.offset_s))
        if self.abbreviation:
            return self._abbreviated(local_s, zone)
        return GoTime(zone.unix_s(local_s), self.nanosecond, zone)

    def _abbreviated(self, local_s: int, zone: Zone) -> GoTime:
        offset_s = zone.offset_of(self.abbreviation, local_s)
        if offset_s is not None:
            return GoTime(local_s - offset_s, self.nanosecond, zone)
        hours = self.abbreviation[3:] if self.abbreviation.startswith("GMT") else ""
        # An unknown place: the clock is taken as UTC, and shown with an offset only after "GMT".
        return GoTime(local_s, self.nanosecond, Zone(self.abbreviation, int(hours or 0) * 3600))

    def _days(self) -> int:
        month, day = self.month, self.day
        if self.year_day is not None:
            month, day = self._month_and_day(self.year_day)
        month = month or 1
        day = 1 if day is None else day
        if not 1 <= day <= days_in(self.year, month):
            raise _unfit(self.text, "day out of range")
        return days_until(self.year, month, day)

    def _month_and_day(self, year_day: int) -> tuple[int, int]:
        if not 1 <= year_day <= 365 + is_leap(self.year):
            raise _unfit(self.text, "day-of-year out of range")
        date = date_of(days_until(self.year, 1, 1) + year_day - 1)
        if self.month not in (None, date.month):
            raise _unfit(self.text, "day-of-year does not match month")
        if self.day not in (None, date.day):
            raise _unfit(self.text, "day-of-year does not match day")
        return date.month, date.day

    def _read_fraction(self, piece: str) -> None:
        if piece[1] == "0":
            if len(self.rest) < len(piece):
                raise _BadError
            self._take_nanoseconds(len(piece))
        else:
            self._read_optional_fraction()

    def _read_optional_fraction(self) -> None:
        if self.rest[:1] in (".", ",") and self._is_digit(1):
            end = 2
            while self._is_digit(end):
                end += 1
            self._take_nanoseconds(end)

    def _take_nanoseconds(self, count: int) -> None:
        taken = self._take(count)[:10]
        if taken[0] not in ".,":
            raise _BadError
        number = _number(taken[1:])
        if number < 0:
            raise _RangeError("fractional second")
        self.nanosecond = number * 10 ** (10 - len(taken))

    def _read_offset(self, piece: str) -> None:
        if piece[0] == "Z" and self.rest.startswith("Z"):
            self.is_utc = True
            self._take(1)
            return
        taken = self._take(len(piece))
        marks = zip(piece, taken, strict=False)
        if len(taken) < len(piece) or any(mark == ":" != found for mark, found in marks):
            raise _BadError
        pairs = [taken[i : i + 2] for i in range(1, len(taken), 3 if ":" in piece else 2)]
        numbers = [int(pair) for pair in takewhile(_is_number, pairs)]
        for number, greatest, what in zip(numbers, (24, 60, 60), _OFFSET_PARTS, strict=False):
            if number > greatest:
                raise _RangeError(f"time zone offset {what}")
        if len(numbers) < len(pairs) or taken[0] not in "+-":
            raise _BadError
        hours, minutes, seconds = (*numbers, 0, 0)[:3]
        offset_s = (hours * 60 + minutes) * 60 + seconds
        self.offset_s = -offset_s if taken[0] == "-" else offset_s

    def _take(self, count: int) -> str:
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def _is_digit(self, index: int) -> bool:
        return self.rest[index : index + 1] in _DIGITS


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _number(text: str) -> int:
    """Return a number that may have a sign."""
    if not _is_number(text[1:] if text[:1] in ("-", "+") else text):
        raise _BadError
    return int(text)


def _abbreviation_size(text: str) -> int:
    """Return the length of the zone's abbreviation that the text begins with, 0 without one."""
    if len(text) < 3:
        return 0
    if text.startswith(("ChST", "MeST")):
        return 4
    if text.startswith("GMT"):
        return 3 + _signed_hours_size(text[3:])
    if text[0] in "+-":
        return _signed_hours_size(text)
    capitals = next((i for i in range(6) if not "A" <= text[i : i + 1] <= "Z"), 6)
    if capitals == 3:
        return 3
    ends_in_t = text[capitals - 1] == "T"
    return capitals if (capitals in (4, 5) and ends_in_t) or text[:capitals] == "WITA" else 0


def _signed_hours_size(text: str) -> int:
    digits = text[1:]
    digits = digits[: len(digits) - len(digits.lstrip("0123456789"))]
    is_offset = text[:1] in ("+", "-") and 0 < len(digits) <= 18 and int(digits) <= 23
    return 1 + len(digits) if is_offset else 0


def _set(name: str, read: Callable[[_Reader], int]) -> Callable[[_Reader], None]:
    return lambda reader: setattr(reader, name, read(reader))


_READERS: Final[Mapping[str, Callable[[_Reader], None]]] = {
    "2006": _Reader.read_year,
    "06": _Reader.read_short_year,
    "January": _set("month", lambda r: r.word(MONTHS) + 1),
    "Jan": _set("month", lambda r: r.word(MONTHS, 3) + 1),
    "01": _set("month", lambda r: r.bounded("month", 1, 12, two=True)),
    "1": _set("month", lambda r: r.bounded("month", 1, 12)),
    "Monday": _set("weekday", lambda r: r.word(WEEKDAYS)),
    "Mon": _set("weekday", lambda r: r.word(WEEKDAYS, 3)),
    "02": _set("day", lambda r: r.number(two=True)),
    "_2": _Reader.read_padded_day,
    "2": _set("day", lambda r: r.number()),
    "002": lambda r: r.read_year_day(is_padded=False),
    "__2": lambda r: r.read_year_day(is_padded=True),
    "15": _set("hour", lambda r: r.bounded("hour", 0, 23)),
    "03": _set("hour", lambda r: r.bounded("hour", 0, 12, two=True)),
    "3": _set("hour", lambda r: r.bounded("hour", 0, 12)),
    "04": _set("minute", lambda r: r.bounded("minute", 0, 59, two=True)),
    "4": _set("minute", lambda r: r.bounded("minute", 0, 59)),
    "05": _set("second", lambda r: r.bounded("second", 0, 59, two=True)),
    "5": _set("second", lambda r: r.bounded("second", 0, 59)),
    "PM": lambda r: r.read_half_day("PM"),
    "pm": lambda r: r.read_half_day("pm"),
    "MST": _Reader.read_abbreviation,
}
