# SPDX-License-Identifier: Apache-2.0
"""What a target carries besides type, data, labels and annotations.

A controller reference ties its life to the manifest that asked for it: Kubernetes' own collector
deletes it with that object. At most one reference of an object may be a controller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OwnerReference:
    """One entry of `metadata.ownerReferences`."""

    api_version: str
    kind: str
    name: str
    uid: str
    is_controller: bool = True
    blocks_deletion: bool = True

    def is_same_owner(self, other: "OwnerReference") -> bool:
        """Tell whether both name one object: by kind and name, as upstream's controllers do."""
        return (self.kind, self.name) == (other.kind, other.name)

    def body(self) -> Mapping[str, Any]:
        """Return it as the API has it."""
        flags = {"controller": self.is_controller, "blockOwnerDeletion": self.blocks_deletion}
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            **{name: True for name, is_set in flags.items() if is_set},
        }


@dataclass(frozen=True, slots=True)
class Dress:
    """How the target of a manifest is tied to it."""

    manifest: OwnerReference | None = None
    """Names the manifest; None: its targets carry no references at all."""
    is_owner: bool = False
    """The manifest is the target's controller; else a reference to it is taken away."""
    takes_over: bool = False
    """Another controller of the target gives way."""
    finalizers: tuple[str, ...] = ()
    """Added where missing, never removed."""
    is_immutable: bool = False
    """Made immutable; what is there already keeps its data."""
    field_manager: str = ""
    """Name under which it is written; empty is Keyfleet's own."""
