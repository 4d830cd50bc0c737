# SPDX-License-Identifier: Apache-2.0
"""Which version was last seen of what manifests depend on: the first sight of a thing is no change.

After a start everything is seen for the first time. Were that taken for a change, every restart
would ask every store.
"""

from enum import Enum, auto

from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import StoreRef

Ref = SecretRef | StoreRef


class Sight(Enum):
    """What somebody learns who looks at a thing."""

    FIRST = auto()
    """It was not seen before."""
    SAME = auto()
    CHANGED = auto()
    """It is another one than before, or it is not there."""


class Sightings:
    """Remembers versions, not contents."""

    def __init__(self) -> None:
        self._versions: dict[Ref, str] = {}

    def see(self, ref: Ref, version: str) -> Sight:
        """Look at a thing.

        Args:
            ref: Which.
            version: Differs whenever the thing does; empty: it is not there.
        """
        before = self._versions.pop(ref, None)
        if not version:
            return Sight.CHANGED
        self._versions[ref] = version
        if before is None:
            return Sight.FIRST
        return Sight.SAME if before == version else Sight.CHANGED

    def forget(self, cluster: ClusterName) -> None:
        """Forget what was seen in a cluster that is gone."""
        for ref in [ref for ref in self._versions if ref.cluster == cluster]:
            del self._versions[ref]
