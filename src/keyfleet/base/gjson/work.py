# SPDX-License-Identifier: Apache-2.0
"""What one look-up may cost.

A step is about a microsecond: an element or a key that is looked at, a bracket that is passed over,
a KiB that is searched. What is made costs more, since it has to be held as well.
"""

from collections.abc import Iterator

from keyfleet.base import jsontext

DOCUMENT_MAX_BYTES = 2 << 20
PATH_MAX_BYTES = 4096
STEPS_MAX = 150_000
_STEPS_OF_A_LEVEL = 5
DEPTH_MAX = 64
"""Of the parts of a path, and of whatever stands inside of one."""


class OverworkError(Exception):
    """More work than one look-up may cause."""


class Work:
    """What is left."""

    __slots__ = ("_depth", "_steps")

    def __init__(self) -> None:
        self._steps = STEPS_MAX
        self._depth = 0

    def pay(self, steps: int) -> None:
        """Take steps.

        Raises:
            OverworkError: None are left.
        """
        self._steps -= steps
        if self._steps < 0:
            raise OverworkError

    def made(self, text: bytes) -> bytes:
        """Pay for a text that was made."""
        self.pay(len(text) >> 6)
        return text

    def __enter__(self) -> None:
        """Go one level down, which costs some steps.

        Raises:
            OverworkError: Too deep.
        """
        self._depth += 1
        self.pay(_STEPS_OF_A_LEVEL)
        if self._depth > DEPTH_MAX:
            raise OverworkError

    def __exit__(self, *_: object) -> None:
        """Come back up."""
        self._depth -= 1

    def members(self, raw: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys, with their quotes, and the values of an object."""
        self.pay(1 + (len(raw) >> 10))
        for name, value in jsontext.members(raw):
            self._pay_for(value)
            yield name, value

    def elements(self, raw: bytes) -> Iterator[bytes]:
        """Yield the elements of an array."""
        self.pay(1 + (len(raw) >> 10))
        for value in jsontext.elements(raw):
            self._pay_for(value)
            yield value

    def _pay_for(self, value: bytes) -> None:
        self.pay(1 + value.count(b"{") + value.count(b"["))
