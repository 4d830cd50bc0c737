# SPDX-License-Identifier: Apache-2.0
"""Split the body of a watch into lines, whatever the chunks.

aiohttp's own line reading stops at a buffer's size with an exception that quotes the line; the
event of a large Secret passes that size.
"""

LINE_LIMIT = 8 * 1024 * 1024
"""Longest event in bytes; an object and its frame stay far below."""


class LineSplitter:
    """Collect chunks and give whole lines; a pending line is not copied again per chunk."""

    __slots__ = ("_limit", "_overlong", "_parts", "_size")

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._overlong = False

    @property
    def is_inside_line(self) -> bool:
        """Whether a line has begun and not ended."""
        return self._overlong or self._size > 0

    def feed(self, chunk: bytes) -> list[bytes | None]:
        """Return the non-empty lines that this chunk completes; None for one that is too long.

        None comes once, as soon as the limit is passed; the rest of that line is dropped.
        """
        if b"\n" not in chunk:
            return self._collect(chunk)
        first, *whole, rest = chunk.split(b"\n")
        lines = self._collect(first)
        lines += self._finish()
        for line in whole:
            lines += self._collect(line)
            lines += self._finish()
        return lines + self._collect(rest)

    def _collect(self, part: bytes) -> list[bytes | None]:
        if not part or self._overlong:
            return []
        self._parts.append(part)
        self._size += len(part)
        if self._size <= self._limit:
            return []
        self._drop()
        self._overlong = True
        return [None]

    def _finish(self) -> list[bytes | None]:
        overlong, self._overlong = self._overlong, False
        if overlong or not self._size:
            return []
        line = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._drop()
        return [line]

    def _drop(self) -> None:
        self._parts = []
        self._size = 0
