# SPDX-License-Identifier: Apache-2.0
"""Secrets of a cluster that need not be one of the fleet's: provider `kubernetes`.

The store itself says how to log in there; `sources.kubernetes` reads with Keyfleet's own rights.
"""

from keyfleet.sources.remotecluster.provider import KubernetesProvider

PROVIDER = KubernetesProvider()
