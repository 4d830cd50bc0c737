# SPDX-License-Identifier: Apache-2.0
"""How much is measured: the sizes of design.md section 7, or tiny ones that only show it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of what."""

    secrets: int = 500
    """Of the fan-out."""
    members: int = 4
    """Of the fan-out."""
    rounds: int = 5
    wide: int = 8
    """Members that a change has to reach."""
    changes: int = 100
    """Whose way is measured."""
    kept: int = 2500
    """Secrets that are in place in `members` clusters for steady state and restart."""
    quiet_s: float = 60.0
    """How long the steady state is looked at."""
    keys: int = 100
    """Remote keys that each of `wide` clusters asks a provider for."""
    sealed: int = 4000
    """SealedSecrets of one cluster."""
    bits: int = 4096
    """Of the key that they are sealed for."""
    seals: int = 1000
    """Of one value, in one round."""
    unseals: int = 200
    """The same; a tenth with many keys."""
    sealing_keys: int = 61
    """Of one cluster, after five years."""


FULL = Sizes()
QUICK = Sizes(
    secrets=6,
    members=2,
    rounds=1,
    wide=2,
    changes=4,
    kept=6,
    quiet_s=2.0,
    keys=6,
    sealed=6,
    bits=2048,
    seals=20,
    unseals=20,
    sealing_keys=6,
)
