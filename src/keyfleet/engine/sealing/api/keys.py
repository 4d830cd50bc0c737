# SPDX-License-Identifier: Apache-2.0
"""What the API needs of the keys of a fleet."""

from typing import Protocol

from keyfleet.base.sealing import Keyset, SealingCertificate
from keyfleet.model.places import ClusterName


class SealingKeys(Protocol):
    """The keys of each cluster; the hub's name is empty."""

    def keyset(self, cluster: ClusterName) -> Keyset:
        """Return the keys that open what was sealed for a cluster.

        Raises:
            NotFoundError: There is no such cluster.
            NotReadyError: This replica does not know them, or not yet.
        """
        ...

    def certificate(self, cluster: ClusterName) -> SealingCertificate | None:
        """Return what to seal with for a cluster: the newest; None where it has no key.

        Raises:
            NotFoundError: There is no such cluster.
            NotReadyError: This replica does not know it, or not yet.
        """
        ...
