# SPDX-License-Identifier: Apache-2.0
"""Values that stand sealed in a manifest itself, instead of in a Secret or a store."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.base.sealing import Scope
from keyfleet.model.places import ClusterName


@dataclass(frozen=True, slots=True)
class SealedRead:
    """The sealed items of one manifest; ciphertext, so it may be held and shown."""

    namespace: str
    """Of the manifest: what the values are bound to, wherever they are delivered."""
    name: str
    items: Mapping[str, str]
    """Key name -> sealed text."""
    scope: Scope = Scope.STRICT
    cluster: ClusterName = ClusterName("")
    """Whose keys open it; empty is the hub."""
    kind: str = "SealedSecret"
    """Kind of the manifest."""
    whole: str | None = None
    """A complete Secret sealed as one text, as before upstream's 0.7; instead of `items`."""

    @property
    def label(self) -> bytes:
        """What each item is bound to."""
        return self.scope.label(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.cluster or 'hub'}/{self.namespace}/{self.name}"
