# SPDX-License-Identifier: Apache-2.0
"""The modifier `@pretty`: a member per line, short arrays on one."""

import re
from dataclasses import dataclass

from keyfleet.base.gjson.found import Found
from keyfleet.base.gjson.work import Work
from keyfleet.base.jsontext import unescaped

_LEAST_ROOM = 3
_INTEGER = re.compile(rb"-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Style:
    """How to print."""

    width: int = 80
    """Arrays of texts and numbers that fit stand on one line; zero or less: none do."""
    prefix: bytes = b""
    """Of each line; blanks."""
    indent: bytes = b"  "
    sorts: bool = False

    @classmethod
    def of(cls, options: "dict[bytes, Found]") -> "Style":
        """Return what the modifier's argument asks for."""
        width = options.get(b"width")
        prefix, indent = options.get(b"prefix"), options.get(b"indent")
        sorts = options.get(b"sortKeys")
        return cls(
            int(width.raw) if width and _INTEGER.fullmatch(width.raw) else 0 if width else 80,
            _blanks(prefix.text()) if prefix else b"",
            _blanks(indent.text()) if indent else b"  ",
            sorts is not None and sorts.raw == b"true",
        )


def _blanks(text: bytes) -> bytes:
    return bytes(letter for letter in text if letter in b" \t\r\n")


def pretty(work: Work, raw: bytes, style: Style) -> bytes:
    """Return a value, printed, with a line break behind it."""
    printer = _Printer(work, style)
    printer.write(raw, 0, len(style.prefix))
    return style.prefix + b"".join(printer.pieces) + b"\n"


class _Printer:
    """Writes values one after another."""

    __slots__ = ("_style", "_work", "pieces")

    def __init__(self, work: Work, style: Style) -> None:
        self.pieces: list[bytes] = []
        self._work = work
        self._style = style

    def write(self, raw: bytes, level: int, column: int) -> None:
        """Write a value that begins at a column of its line."""
        with self._work:
            if raw[:1] == b"{":
                self._write_object(raw, level)
            elif raw[:1] == b"[":
                self._write_array(raw, level, column)
            else:
                self._add(raw)

    def _add(self, piece: bytes) -> None:
        self.pieces.append(self._work.made(piece))

    def _line(self, level: int) -> bytes:
        return b"\n" + self._style.prefix + self._style.indent * level

    def _write_object(self, raw: bytes, level: int) -> None:
        members = list(self._work.members(raw))
        if self._style.sorts:
            members.sort(key=lambda member: unescaped(member[0][1:-1]))
        line = self._line(level + 1)
        opening = b"{"
        for name, value in members:
            start = line + name + b": "
            self._add(opening + start)
            self.write(value, level + 1, len(start))
            opening = b","
        self._add(self._line(level) + b"}" if members else b"{}")

    def _write_array(self, raw: bytes, level: int, column: int) -> None:
        room = self._style.width - column
        if self._style.width > 0 and room > _LEAST_ROOM:
            short = self._on_one_line(raw, room)
            if short is not None:
                self._add(short)
                return
        line = self._line(level + 1)
        opening = b"["
        for element in self._work.elements(raw):
            self._add(opening + line)
            # gjson counts the line break before the first element as a character, no other.
            self.write(element, level + 1, len(line) - (opening == b","))
            opening = b","
        self._add(b"[]" if opening == b"[" else self._line(level) + b"]")

    def _on_one_line(self, raw: bytes, room: int) -> bytes | None:
        """Return an array on one line; None where it is too long or holds an object."""
        if raw[:1] == b"{":
            return None
        if raw[:1] != b"[":
            return raw if len(raw) <= room else None
        text = b"["
        for element in self._work.elements(raw):
            text += b", " if text != b"[" else b""
            short = self._on_one_line(element, room - len(text) - 1)
            if short is None:
                return None
            text += short
        return text + b"]" if len(text) < room else None
