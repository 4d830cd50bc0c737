# SPDX-License-Identifier: Apache-2.0
"""What the API needs of the keys of a fleet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from keyfleet.base.clock import Clock
from keyfleet.base.errors import NotReadyError
from keyfleet.base.sealing import Keyset, SealingCertificate
from keyfleet.model.places import ClusterName

WAIT_S = 3.0
"""How long the first who asks for the keys of a cluster waits for them to be read."""
STEP_S = 0.05
_STANDBY = "sealing.standby"


class SealingKeys(Protocol):
    """The keys of each cluster; the hub's name is empty. Asked on the event loop only."""

    def keyset(self, cluster: ClusterName) -> Keyset:
        """Return the keys that open what was sealed for a cluster.

        Raises:
            NotFoundError: There is no such cluster.
            NotReadyError: They are being read, or this replica does not lead.
            TemporaryError: The cluster is away.
        """
        ...

    def certificate(self, cluster: ClusterName) -> SealingCertificate | None:
        """Return what to seal with for a cluster: the newest; None where it has no key.

        Raises:
            NotFoundError, NotReadyError, TemporaryError: As `keyset`.
        """
        ...


@dataclass(frozen=True, slots=True)
class ClusterKeys:
    """Those of one cluster, as they are now."""

    keyset: Keyset = field(repr=False)
    certificate: SealingCertificate | None


class WhileLeading:
    """The keys that the engine knows, while there is one: that is on the replica that leads."""

    def __init__(self, leader: Callable[[], SealingKeys | None]) -> None:
        """Prepare.

        Args:
            leader: Returns the engine's keys; None: there is no engine.
        """
        self._leader = leader

    def keyset(self, cluster: ClusterName) -> Keyset:
        """Return them; see `SealingKeys`."""
        return self._keys().keyset(cluster)

    def certificate(self, cluster: ClusterName) -> SealingCertificate | None:
        """Return it; see `SealingKeys`."""
        return self._keys().certificate(cluster)

    def _keys(self) -> SealingKeys:
        found = self._leader()
        if found is None:
            raise NotReadyError("sealing.standby", "this replica stands by and knows no keys")
        return found


async def keys_of(
    keys: SealingKeys, cluster: ClusterName, clock: Clock, *, wait_s: float = WAIT_S
) -> ClusterKeys:
    """Return the keys of a cluster, once they are read.

    Raises:
        NotFoundError, TemporaryError: As `SealingKeys.keyset`.
    """
    end = clock.monotonic() + wait_s
    while True:
        try:
            return ClusterKeys(keys.keyset(cluster), keys.certificate(cluster))
        except NotReadyError as error:
            if error.code == _STANDBY or clock.monotonic() >= end:
                raise
        await clock.sleep(STEP_S)
