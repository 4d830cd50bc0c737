# SPDX-License-Identifier: Apache-2.0
"""The contexts of the operator's own kubeconfig as a fleet."""

from keyfleet.inventory.kubeconfig.inventory import KubeconfigInventory, snapshots_of

__all__ = ["KubeconfigInventory", "snapshots_of"]
