# SPDX-License-Identifier: Apache-2.0
"""What is told of the hub as it changes."""

from typing import Any

from keyfleet.model.intent import Origin, SecretRef
from keyfleet.plugin import Dialect

Document = dict[str, Any]


class HubEvents:
    """What the hub's watches tell the engine; every call is synchronous and cheap."""

    def hub_heard(self) -> None:
        """A watch of the hub is open (again): the hub answers."""

    def hub_rewound(self) -> None:
        """The hub was restored to an earlier state than was seen of it: nothing known holds."""

    def manifest_changed(self, dialect: Dialect, origin: Origin, manifest: Document | None) -> None:
        """A manifest came, changed or (None) went."""

    def kind_gone(self, kind: str) -> None:
        """A kind is no longer served: its intents are unknown, not deleted."""

    def policies_changed(self) -> None:
        """What may be read and written changed."""

    def hub_source_changed(self, ref: SecretRef) -> None:
        """A Secret on the hub, or a ConfigMap with templates, came, went or changed."""

    def hub_namespace_changed(self, name: str) -> None:
        """A namespace of the hub came, went or began to terminate."""
