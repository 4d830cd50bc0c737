# SPDX-License-Identifier: Apache-2.0
"""Choose without bias, from unguessable bytes."""

import random
from collections.abc import Callable


class Chance(random.Random):
    """Python's ways of choosing, on bytes that nobody can guess.

    `Random` throws numbers away until one lies below the bound, so that every choice is equally
    likely, where its source gives bits.
    """

    def __init__(self, randomness: Callable[[int], bytes]) -> None:
        super().__init__()
        self._randomness = randomness

    def bytes_of(self, count: int) -> bytes:
        """Return so many bytes."""
        return self._randomness(count)

    def getrandbits(self, k: int) -> int:
        """Return a number of at most `k` bits."""
        count = (k + 7) // 8
        return int.from_bytes(self._randomness(count)) >> (8 * count - k)

    def random(self) -> float:
        """Return a number from 0 up to 1."""
        return self.getrandbits(53) / (1 << 53)
