# SPDX-License-Identifier: Apache-2.0
"""What a right is: one verb on one resource, held in one kind of cluster."""

from dataclasses import dataclass
from enum import StrEnum

from keyfleet.model.ownership import SYSTEM_NAMESPACE

KUBE_SYSTEM = "kube-system"


class Part(StrEnum):
    """Which cluster a right is held in."""

    HUB = "hub"
    MEMBER = "member"
    HUB_ESO = "hub-eso"
    """Beside `HUB`, where the hub's own manifests of External Secrets are served."""
    MEMBER_ESO = "member-eso"
    """Beside `MEMBER`, where a member's are."""
    HUB_SEALED = "hub-sealed"
    """Beside `HUB`, where the hub's own SealedSecrets are served."""
    MEMBER_SEALED = "member-sealed"
    """Beside `MEMBER`, where a member's are."""


class Reach(StrEnum):
    """How far a right reaches, and so how it is bound."""

    CLUSTER = "cluster"
    """Everywhere: its objects have no namespace, or may lie in any."""
    CHOSEN = "chosen"
    """Everywhere, or in the namespaces that somebody lists."""
    SYSTEM = "system"
    """In keyfleet-system only."""
    KEYS = "keys"
    """In kube-system only, where a cluster's sealing keys are."""

    @property
    def namespace(self) -> str:
        """The only namespace it ever reaches into; empty: all, or those that somebody lists."""
        return {Reach.SYSTEM: SYSTEM_NAMESPACE, Reach.KEYS: KUBE_SYSTEM}.get(self, "")


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource."""

    part: Part
    reach: Reach
    verb: str
    """As RBAC spells it."""
    group: str
    resource: str
    """Plural, without subresource."""
    subresource: str
    """Empty for the object itself."""
    name: str
    """The only object it holds for; empty: any."""
    why: str
    """One sentence for a person who decides whether to grant it."""

    @property
    def namespace(self) -> str:
        """The only namespace it is ever granted in; empty: all, or those that somebody lists."""
        return self.reach.namespace

    @property
    def path(self) -> str:
        """The resource as a rule spells it: `fleetsecrets/status`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource
