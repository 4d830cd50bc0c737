# SPDX-License-Identifier: Apache-2.0
"""Values that stand sealed in manifests, opened with the keys of a cluster."""

from keyfleet.sources.sealed.source import SealedSource

__all__ = ["SealedSource"]
