# SPDX-License-Identifier: Apache-2.0
"""What is told of the hub as it changes."""

from keyfleet.engine.declarations.events import DeclarationEvents
from keyfleet.model.intent import SecretRef


class HubEvents(DeclarationEvents):
    """What the hub's watches tell the engine; every call is synchronous and cheap."""

    def hub_heard(self) -> None:
        """A watch of the hub is open (again): the hub answers."""

    def hub_rewound(self) -> None:
        """The hub was restored to an earlier state than was seen of it: nothing known holds."""

    def policies_changed(self) -> None:
        """What may be read and written changed."""

    def hub_source_changed(self, ref: SecretRef) -> None:
        """A Secret on the hub, or a ConfigMap with templates, came, went or changed."""

    def hub_namespace_changed(self, name: str) -> None:
        """A namespace of the hub came, went or began to terminate."""
