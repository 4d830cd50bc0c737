# SPDX-License-Identifier: Apache-2.0
"""Go's layouts: the pieces of the reference time Mon Jan 2 15:04:05 MST 2006, and writing by them.

Source: docs/compat/go-templates.md 20.5.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.moments import MONTHS, WEEKDAYS, Moment

RFC3339: Final = "2006-01-02T15:04:05Z07:00"
RFC3339_NANO: Final = "2006-01-02T15:04:05.999999999Z07:00"
LENGTH_MAX: Final = 4096
"""Characters of a layout, and of a text that is read by one."""
_KEPT_MAX: Final = 64
"""Characters of a layout that is remembered."""

_BY_FIRST: Final[Mapping[str, tuple[str, ...]]] = {
    "J": ("January", "Jan"),
    "M": ("Monday", "Mon", "MST"),
    "0": ("002", "01", "02", "03", "04", "05", "06"),
    "1": ("15", "1"),
    "2": ("2006", "2"),
    "_": ("__2", "_2"),
    "3": ("3",),
    "4": ("4",),
    "5": ("5",),
    "P": ("PM",),
    "p": ("pm",),
    "-": ("-070000", "-07:00:00", "-0700", "-07:00", "-07"),
    "Z": ("Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07"),
}
"""The pieces by their first character, those that hold others first."""


def pieces(layout: str) -> tuple[tuple[str, bool], ...]:
    """Return the layout's text in order, each part with whether it stands for a piece of a time.

    >>> pieces("on Jan 2")
    (('on ', False), ('Jan', True), (' ', False), ('2', True))

    Raises:
        GoError: The layout is very long.
    """
    if len(layout) > LENGTH_MAX:
        raise GoError("the layout is too long")
    return _split.__wrapped__(layout) if len(layout) > _KEPT_MAX else _split(layout)


@lru_cache(maxsize=256)
def _split(layout: str) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = []
    begin = at = 0
    while at < len(layout):
        piece = _piece_at(layout, at)
        if not piece:
            at += 1
            continue
        if begin < at:
            found.append((layout[begin:at], False))
        found.append((piece, True))
        begin = at = at + len(piece)
    if begin < at:
        found.append((layout[begin:at], False))
    return tuple(found)


def _piece_at(layout: str, at: int) -> str:
    """Return the piece that begins here, "" where none does."""
    if layout[at] in ".,":
        return _fraction_at(layout, at)
    for piece in _BY_FIRST.get(layout[at], ()):
        if layout.startswith(piece, at) and not _is_other_text(piece, layout, at):
            return piece
    return ""


def _is_other_text(piece: str, layout: str, at: int) -> bool:
    if piece in ("Jan", "Mon"):  # in "Janet", but not in "JanX"
        following = layout[at + 3 : at + 4]
        return "a" <= following <= "z"
    return piece == "_2" and layout.startswith("_2006", at)


def _fraction_at(layout: str, at: int) -> str:
    digit = layout[at + 1 : at + 2]
    if digit not in ("0", "9"):
        return ""
    end = at + 1
    while layout.startswith(digit, end):
        end += 1
    return "" if layout[end : end + 1].isdigit() else layout[at:end]


def formatted(moment: Moment, layout: str) -> Iterator[str]:
    """Yield the text of a time piece by piece."""
    for piece, is_piece in pieces(layout):
        yield _written(moment, piece) if is_piece else piece


def _written(moment: Moment, piece: str) -> str:
    write = _WRITERS.get(piece)
    if write is not None:
        return write(moment)
    return _fraction(moment, piece) if piece[0] in ".," else _offset(moment.offset_s, piece)


def _year(moment: Moment) -> str:
    year = moment.date.year
    return f"{year:04d}" if year >= 0 else f"-{-year:04d}"


_WRITERS: Final[Mapping[str, Callable[[Moment], str]]] = {
    "2006": _year,
    "06": lambda m: f"{max(m.date.year, 0) % 100:02d}",
    "January": lambda m: MONTHS[m.date.month - 1],
    "Jan": lambda m: MONTHS[m.date.month - 1][:3],
    "01": lambda m: f"{m.date.month:02d}",
    "1": lambda m: str(m.date.month),
    "Monday": lambda m: WEEKDAYS[m.weekday],
    "Mon": lambda m: WEEKDAYS[m.weekday][:3],
    "02": lambda m: f"{m.date.day:02d}",
    "_2": lambda m: f"{m.date.day:2d}",
    "2": lambda m: str(m.date.day),
    "002": lambda m: f"{m.year_day:03d}",
    "__2": lambda m: f"{m.year_day:3d}",
    "15": lambda m: f"{m.hour:02d}",
    "03": lambda m: f"{m.hour % 12 or 12:02d}",
    "3": lambda m: str(m.hour % 12 or 12),
    "PM": lambda m: "PM" if m.hour >= 12 else "AM",
    "pm": lambda m: "pm" if m.hour >= 12 else "am",
    "04": lambda m: f"{m.minute:02d}",
    "4": lambda m: str(m.minute),
    "05": lambda m: f"{m.second:02d}",
    "5": lambda m: str(m.second),
    "MST": lambda m: m.abbreviation or _offset(m.offset_s, "-0700"),
}


def _fraction(moment: Moment, piece: str) -> str:
    digits = f"{moment.nanosecond:09d}"[: len(piece) - 1]
    if piece[1] == "9":
        digits = digits.rstrip("0")
        return piece[0] + digits if digits else ""
    return piece[0] + digits.ljust(len(piece) - 1, "0")


def _offset(offset_s: int, piece: str) -> str:
    if piece[0] == "Z" and offset_s == 0:
        return "Z"
    # Go looks at whole minutes for the sign: half a minute west of UTC is +0000 there.
    sign = "-" if offset_s <= -60 else "+"
    minutes, seconds = divmod(abs(offset_s), 60)
    parts = [f"{minutes // 60:02d}", f"{minutes % 60:02d}", f"{seconds:02d}"]
    shown = sum(character.isdigit() for character in piece) // 2
    return sign + (":" if ":" in piece else "").join(parts[:shown])
