# SPDX-License-Identifier: Apache-2.0
"""What is told of manifests as they come, change and go."""

from keyfleet.engine.hubobjects import Document
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import StoreRef
from keyfleet.plugin import Dialect


class DeclarationEvents:
    """What the watches of manifests tell the engine; every call is synchronous and cheap.

    A cluster is the name of the member where the manifest is; empty is the hub.
    """

    def manifest_changed(self, dialect: Dialect, origin: Origin, manifest: Document | None) -> None:
        """A manifest came, changed or (None) went."""

    def manifest_left(self, origin: Origin) -> None:
        """A manifest that was ours is another's from now on: nothing of it is deleted."""

    def kind_gone(self, kind: str, cluster: ClusterName) -> None:
        """A kind is no longer served: its intents are unknown, not deleted."""

    def kind_listed(self, kind: str, cluster: ClusterName) -> None:
        """All manifests of a kind are known: what is not among them is gone."""

    def store_changed(self, ref: StoreRef) -> None:
        """A store or a generator came, changed, went, or may have."""

    def parent_changed(self, dialect: Dialect, origin: Origin, manifest: Document | None) -> None:
        """A manifest that makes others came, changed or (None) went."""
