# SPDX-License-Identifier: Apache-2.0
"""The Synced condition in a status that other tools may write to as well.

Source: compat/sealed-secrets.md 2.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SYNCED = "Synced"
Status = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Synced:
    """What is said of whether the Secret is as the manifest asks."""

    is_true: bool
    reason: str
    message: str = ""
    """Empty where it is true."""

    def said(self, before: Status, generation: int, now: str, *, is_asked: bool = False) -> Status:
        """Return the status with this condition: the very same where it said so before.

        Args:
            before: The present status.
            generation: Of the manifest that this answers.
            now: RFC 3339.
            is_asked: Somebody waits for an answer: one that says the same has its own time.
        """
        if not is_asked and not self.is_new(before, generation):
            return before
        old, status = previous(before), str(self.is_true)
        since = old.get("lastTransitionTime") if old.get("status") == status else None
        condition = {
            "type": SYNCED,
            "status": status,
            "lastUpdateTime": now,
            "lastTransitionTime": since or now,
            "reason": self.reason,
            "message": self.message,
        }
        # First, since `kubectl get` shows the first one.
        kept = (each for each in _conditions(before) if each.get("type") != SYNCED)
        return {**before, "observedGeneration": generation, "conditions": [condition, *kept]}

    def is_new(self, before: Status, generation: int) -> bool:
        """Tell whether the present status says something else."""
        return self.differs(before) or before.get("observedGeneration") != generation

    def differs(self, before: Status) -> bool:
        """Tell whether the present condition says something else, of whatever generation."""
        old = previous(before)
        said = (str(self.is_true), self.reason, self.message)
        return (old.get("status"), old.get("reason"), old.get("message", "")) != said


def previous(status: Status) -> Mapping[str, Any]:
    """Return the Synced condition of a status; empty without one."""
    found = (each for each in _conditions(status) if each.get("type") == SYNCED)
    return next(found, {})


def _conditions(status: Status) -> list[Mapping[str, Any]]:
    found = status.get("conditions")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
