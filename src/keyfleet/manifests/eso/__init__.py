# SPDX-License-Identifier: Apache-2.0
"""CRDs of the External Secrets Operator's kinds, for clusters that have none.

So that unmodified manifests are taken: names, required fields, enums and defaults of both versions
are upstream's. What else a manifest says is kept as it is instead of being pruned: it belongs to
a provider, or to a version that is newer than this.
Source: compat/external-secrets.md 1.1 to 1.6, Appendices B and C.
"""

from keyfleet.manifests.eso.crds import FOREIGN_KINDS, eso_crds

__all__ = ["FOREIGN_KINDS", "eso_crds"]
