# SPDX-License-Identifier: Apache-2.0
"""The manifests of stores and generators, as last seen in their clusters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from keyfleet.model.places import ClusterName
from keyfleet.model.stores import StoreRef

Document = Mapping[str, Any]


class StoreObjects(Protocol):
    """Where manifests of stores and generators are found; never asks a server."""

    def find(self, ref: StoreRef) -> Document | None:
        """Return the manifest as last seen in its cluster; None: absent there, or not known.

        `ref.cluster` is a name that its manifest wrote: the hub is empty (a manifest of the hub as
        a member has its member's name, which counts as the hub's too).
        """
        ...

    def is_known(self, cluster: ClusterName, kind: str) -> bool:
        """Tell whether that kind is served and listed in full there: only then is None absence."""
        ...


@dataclass(slots=True)
class HeldObjects:
    """Manifests held in memory: those of files, those that were looked up, those of tests."""

    manifests: dict[StoreRef, Document] = field(default_factory=dict)
    unknown: set[tuple[ClusterName, str]] = field(default_factory=set)
    """Clusters and kinds of which nothing is known."""

    def find(self, ref: StoreRef) -> Document | None:
        """Return the manifest; None when absent."""
        return self.manifests.get(ref)

    def is_known(self, cluster: ClusterName, kind: str) -> bool:
        """Tell whether the manifests of that kind are all here."""
        return (cluster, kind) not in self.unknown

    def put(self, ref: StoreRef, manifest: Document) -> None:
        """Add or replace a manifest."""
        self.manifests[ref] = manifest

    def drop(self, ref: StoreRef) -> None:
        """Forget a manifest."""
        self.manifests.pop(ref, None)
