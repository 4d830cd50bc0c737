# SPDX-License-Identifier: Apache-2.0
"""Who asks, and how much may be under way for them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from keyfleet.engine.sealing.api.rate import Requester

TOGETHER = 16
"""Requests under way, of which two are worked on; each holds its body."""
TOGETHER_OF_ONE = 2

_FORWARDED_MAX = 64


def requester(peer: str, forwarded: str) -> Requester:
    """Return who asks, so that others do not pay for them.

    The API server appends the address of its caller to what that caller sent. So only the last
    address counts: with all of it, whoever made up the rest would be somebody else each time. Who
    comes past the API server can still make up the last; for them the address itself is limited.

    Args:
        peer: Address that the request came from.
        forwarded: `X-Forwarded-For`; may be empty.

    >>> requester("10.0.0.1", "made.up, 192.0.2.7")
    ('10.0.0.1', '192.0.2.7')
    """
    return peer, forwarded.rpartition(",")[2].strip()[:_FORWARDED_MAX]


class Places:
    """A bounded number of requests under way."""

    def __init__(self, together: int = TOGETHER, of_one: int = TOGETHER_OF_ONE) -> None:
        """Start with nothing under way.

        Args:
            together: Places in all.
            of_one: Places that one may have.
        """
        self._together = together
        self._of_one = of_one
        self._taken: Counter[Requester] = Counter()

    @contextmanager
    def place(self, who: Requester) -> Iterator[bool]:
        """Hold a place until the block ends; False where none is free."""
        is_free = self._taken.total() < self._together and self._taken[who] < self._of_one
        self._taken[who] += is_free
        try:
            yield is_free
        finally:
            self._taken[who] -= is_free
            self._taken += Counter()
