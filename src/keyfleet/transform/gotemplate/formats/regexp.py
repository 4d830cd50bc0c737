# SPDX-License-Identifier: Apache-2.0
"""Regular expressions as Go's `regexp` applies them: find, find all, replace, split.

Texts are matched as UTF-8; a byte that is none counts as U+FFFD, and keeps its own value in what is
found. Source: docs/compat/go-templates.md 16.8, 20.4.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from keyfleet.transform.gotemplate.formats.letters import whole_characters
from keyfleet.transform.gotemplate.formats.patterns import Pattern, compiled
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import decoded, encoded, length

_NONE: Final = (-1, -1)


class Subject:
    """A text to match: its bytes, and how to cut pieces out of it."""

    __slots__ = ("_raw", "_stray", "raw")

    def __init__(self, run: Run, text: str) -> None:
        """Take the text."""
        whole = whole_characters(text)
        self.raw = whole.encode()
        """Valid UTF-8."""
        self._raw = self.raw
        self._stray: array[int] | None = None
        if whole != text:
            run.will_make(len(self.raw))
            run.walk(len(text))
            self._raw = encoded(text)
            self._stray = _stray_positions(text)

    def piece(self, start: int, end: int) -> str:
        """Return the text between two positions in `raw`."""
        return decoded(self._raw[self._original(start) : self._original(end)])

    def after(self, position: int) -> int:
        """Return the position one character on."""
        first = self.raw[position] if position < len(self.raw) else 0
        return position + (1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4)

    def is_within(self, position: int) -> bool:
        """Return whether the position is between the bytes of one character."""
        return position < len(self.raw) and 0x80 <= self.raw[position] < 0xC0

    def _original(self, position: int) -> int:
        if self._stray is None:
            return position
        return position - 2 * bisect_left(self._stray, position)  # U+FFFD takes three bytes


def _stray_positions(text: str) -> "array[int]":
    positions = array("L")
    at = 0
    for character in text:
        if "\udc80" <= character <= "\udcff":
            positions.append(at)
        at += 1 if character < "\x80" else 2 if character < "\u0800" else 3
        at += character > "\uffff"
    return positions


@dataclass(frozen=True, slots=True)
class Match:
    """Where a regular expression matched."""

    subject: Subject
    spans: list[tuple[int, int]]
    """Of the whole match and of each group."""

    def group(self, index: int) -> str:
        """Return the text of a group, empty where it took no part."""
        start, end = self.spans[index]
        return self.subject.piece(start, end) if start >= 0 else ""

    def groups(self) -> list[str]:
        """Return the text of the whole match and of all groups."""
        return [self.group(index) for index in range(len(self.spans))]


def is_match(run: Run, source: str, text: str) -> bool:
    """Return whether the pattern matches anywhere in the text."""
    return next(matches(run, source, text, 1), None) is not None


def find(run: Run, source: str, text: str) -> Match | None:
    """Return the leftmost match."""
    return next(matches(run, source, text, 1), None)


def find_all(run: Run, source: str, text: str, limit: int) -> list[str]:
    """Return the text of at most `limit` matches, of all where that is negative."""
    return [match.group(0) for match in matches(run, source, text, limit)]


def matches(run: Run, source: str, text: str, limit: int = -1) -> Iterator[Match]:
    """Yield at most `limit` matches one after the other; all where that is negative.

    Raises:
        GoError: The pattern is invalid: as `error parsing regexp: ...`, at once.
    """
    pattern = compiled(run, source, subject=text)
    return _matches(run, pattern, Subject(run, text), limit)


def _matches(run: Run, pattern: Pattern, subject: Subject, limit: int) -> Iterator[Match]:
    position, previous_end = 0, -1
    while position <= len(subject.raw) and limit != 0:
        found = _next(run, pattern, subject, position)
        if found is None:
            return
        start, end = found.span()
        is_repeated = start == end == previous_end
        position = subject.after(position) if end == position else end
        previous_end = end
        if not is_repeated:
            limit -= 1
            yield Match(subject, [found.span(group) for group in range(len(pattern.names))])


def _next(run: Run, pattern: Pattern, subject: Subject, position: int) -> Any:
    """Return the leftmost match from a position on."""
    while True:
        pattern.pay(run, len(subject.raw) - position)
        found = pattern.program.search(subject.raw, position)
        if found is None or not subject.is_within(found.start()):
            return found
        # For RE2 `\B` also matches between the bytes of one character.
        position = found.start() + 1


def replace_all(run: Run, source: str, text: str, template: str) -> str:
    """Return the text with every match replaced by the template, `$1` and `${name}` filled in."""
    pattern = compiled(run, source, subject=text)
    run.will_hold(2 * template.count("$"))
    return _replaced(run, pattern, text, _template(template, pattern.names))


def replace_all_literal(run: Run, source: str, text: str, replacement: str) -> str:
    """Return the text with every match replaced."""
    return _replaced(run, compiled(run, source, subject=text), text, [replacement])


def _replaced(run: Run, pattern: Pattern, text: str, pieces: "list[_Piece]") -> str:
    subject = Subject(run, text)
    result, position = Text(run), 0
    for match in _matches(run, pattern, subject, -1):
        start, end = match.spans[0]
        run.step(len(pieces) // 3)
        result.add(subject.piece(position, start))
        for piece in pieces:
            result.add(piece if isinstance(piece, str) else _first(match, piece))
        position = end
    result.add(subject.piece(position, len(subject.raw)))
    return result.whole()


def split(run: Run, source: str, text: str, limit: int) -> list[str]:
    """Return the pieces between the matches, at most `limit`; all where that is negative."""
    found = matches(run, source, text, limit)
    if limit == 0:
        return []
    if source and not text:
        return [""]
    pieces: list[str] = []
    subject = Subject(run, text)
    begin = end = 0
    for match in found:
        if len(pieces) == limit - 1:
            break
        end, following = match.spans[0]
        if following:
            pieces.append(subject.piece(begin, end))
        begin = following
    if end != len(subject.raw):
        pieces.append(subject.piece(begin, len(subject.raw)))
    return pieces


def quote_meta(run: Run, text: str) -> str:
    """Return a pattern that matches this text."""
    run.will_make(2 * length(text))
    return text.translate(_QUOTED)


_QUOTED: Final = {ord(special): "\\" + special for special in "\\.+*?()|[]{}^$"}

_Piece = str | tuple[int, ...]
"""Literal text, or the groups of which the first that took part gives the text."""


def _first(match: Match, groups: tuple[int, ...]) -> str:
    return next((match.group(group) for group in groups if match.spans[group] != _NONE), "")


def _template(template: str, names: tuple[str, ...]) -> list[_Piece]:
    literal, dollar, rest = template.partition("$")
    pieces: list[_Piece] = [literal]
    while dollar:
        if rest.startswith("$"):
            name, rest = "", rest[1:]
        else:
            name, rest = _reference(rest)
        pieces.append(_groups(name, names) if name else "$")
        literal, dollar, rest = rest.partition("$")
        pieces.append(literal)
    return [piece for piece in pieces if piece]


def _reference(rest: str) -> tuple[str, str]:
    """Return the name after a `$` and what follows it; an empty name where there is none."""
    is_braced = rest.startswith("{")
    start = end = int(is_braced)
    while end < len(rest) and (rest[end] == "_" or rest[end].isalpha() or rest[end].isdecimal()):
        end += 1
    if is_braced and not rest.startswith("}", end):
        return "", rest
    return rest[start:end], rest[end + is_braced :] if end > start else rest


def _groups(name: str, names: tuple[str, ...]) -> tuple[int, ...]:
    if name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0"):
        number = int(name[:9])
        return (number,) if number < len(names) else ()
    return tuple(index for index, known in enumerate(names) if known == name)
