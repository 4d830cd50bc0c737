# SPDX-License-Identifier: Apache-2.0
"""How long to wait after the n-th failure in a row."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays with full jitter: between d and 2d, where d doubles up to a cap.

    Full jitter keeps a thousand watches that broke together from coming back together.
    """

    base_s: float = 0.8
    """First delay."""
    cap_s: float = 30.0
    """Largest delay before jitter."""

    def delay_s(self, failures: int, random: Random) -> float:
        """Return the seconds to wait after `failures` (>= 1) failures in a row."""
        exponent = min(max(failures, 1) - 1, 30)
        delay = min(self.cap_s, self.base_s * 2.0**exponent)
        return delay * (1.0 + random.random())
