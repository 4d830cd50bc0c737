# SPDX-License-Identifier: Apache-2.0
"""FleetClusters on the hub, with bare ones made for contexts that have none."""

from keyfleet.inventory.declared.inventory import DeclaredInventory
from keyfleet.inventory.declared.resolve import Login, snapshot_of

__all__ = ["DeclaredInventory", "Login", "snapshot_of"]
