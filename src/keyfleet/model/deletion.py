# SPDX-License-Identifier: Apache-2.0
"""How much may go within the window without a person."""

from collections.abc import Iterable
from dataclasses import dataclass

TARGETS = 10
PERCENT = 30
TOTAL = 100


@dataclass(frozen=True, slots=True)
class DeletionLimits:
    """What a scope may lose: `targets` or `percent`, whichever is more, but never over `total`."""

    targets: int = TARGETS
    percent: int = PERCENT
    """Of what the scope had at the beginning of the window."""
    total: int = TOTAL

    def describe(self) -> str:
        """Return the limits in words."""
        return f"over {self.targets} and over {self.percent} %, or over {self.total}"


@dataclass(frozen=True, slots=True)
class AskedLimits:
    """What one FleetPolicy says; None says nothing."""

    targets: int | None = None
    percent: int | None = None
    total: int | None = None


def strictest(asked: Iterable[AskedLimits]) -> DeletionLimits:
    """Return the limits in force: of each the smallest that any policy names, else the default.

    So one policy can raise a default, and no policy can undo what another one is careful about.
    """
    every = list(asked)
    return DeletionLimits(
        _least((one.targets for one in every), TARGETS),
        _least((one.percent for one in every), PERCENT),
        _least((one.total for one in every), TOTAL),
    )


def _least(values: Iterable[int | None], default: int) -> int:
    return min((value for value in values if value is not None), default=default)
