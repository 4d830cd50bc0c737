# SPDX-License-Identifier: Apache-2.0
"""The Ready condition in a status that other tools may write to as well.

Nothing but what is ours is changed: foreign conditions and fields stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READY = "Ready"
MESSAGE_MAX_BYTES = 1024
"""What an Event takes as its note."""

Status = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """What is said of readiness."""

    status: str
    """`True` or `False`."""
    reason: str
    message: str

    @property
    def is_true(self) -> bool:
        """Tell whether it is ready."""
        return self.status == "True"

    def said(self, before: Status, now: str) -> dict[str, Any]:
        """Return the status with this condition; a time changes only where the status does.

        Args:
            before: The present status.
            now: RFC 3339.
        """
        old = previous(before)
        since = old.get("lastTransitionTime") if old.get("status") == self.status else None
        condition = {
            "type": READY,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
            "lastTransitionTime": since or now,
        }
        kept = (each for each in _conditions(before) if each.get("type") != READY)
        return {**before, "conditions": [condition, *kept]}

    def is_new(self, before: Status) -> bool:
        """Tell whether the present status says something else."""
        old = previous(before)
        said = (self.status, self.reason, self.message)
        return (old.get("status"), old.get("reason"), old.get("message")) != said


def previous(status: Status) -> Mapping[str, Any]:
    """Return the Ready condition of a status; empty without one."""
    found = (each for each in _conditions(status) if each.get("type") == READY)
    return next(found, {})


def short(*parts: str) -> str:
    """Return texts as one, separated by colons, without empty ones, as long as may be.

    >>> short("could not update secret", "", "why")
    'could not update secret: why'
    """
    text = ": ".join(filter(None, parts))
    return text.encode()[:MESSAGE_MAX_BYTES].decode(errors="ignore")


def _conditions(status: Status) -> list[Mapping[str, Any]]:
    found = status.get("conditions")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
