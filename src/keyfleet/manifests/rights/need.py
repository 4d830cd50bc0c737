# SPDX-License-Identifier: Apache-2.0
"""One line of the tables of rights, and the lines that several tables have."""

from dataclasses import dataclass

from keyfleet.kube.resources import CRDS, EVENTS, NAMESPACES, Resource
from keyfleet.manifests.rights.right import Part, Reach, Right


@dataclass(frozen=True, slots=True)
class Need:
    """Verbs on one resource that one reason asks for."""

    reach: Reach
    verbs: str
    """As RBAC spells them, with spaces between."""
    resource: Resource
    why: str
    """One sentence for a person who decides whether to grant it."""
    name: str = ""
    """The only object it is asked for; empty: any."""
    subresource: str = ""
    """Empty for the object itself."""

    def rights(self, part: Part) -> tuple[Right, ...]:
        """Return a right for each verb."""
        group, plural = self.resource.group, self.resource.plural
        return tuple(
            Right(part, self.reach, verb, group, plural, self.subresource, self.name, self.why)
            for verb in self.verbs.split()
        )


def to_follow(*kinds: Resource) -> tuple[Need, ...]:
    """Return what it takes to see every object of these kinds."""
    return tuple(
        Need(Reach.CLUSTER, "list watch", kind, f"to follow every {kind.kind}") for kind in kinds
    )


def to_serve(*kinds: Resource) -> tuple[Need, ...]:
    """Return what it takes to see every manifest of these kinds, and to say how it fares."""
    return tuple(need for kind in kinds for need in (*to_follow(kind), _to_tell(kind)))


def _to_tell(kind: Resource) -> Need:
    why = f"to write the status of a {kind.kind}"
    return Need(Reach.CLUSTER, "patch", kind, why, subresource="status")


def to_miss(kind: Resource) -> Need:
    """Return what it takes to tell an object that is gone from a kind that is."""
    why = "to delete nothing when the kind went and not the object"
    return Need(Reach.CLUSTER, "get", CRDS, why, name=kind.label)


TO_SPEAK = Need(
    Reach.CLUSTER, "create patch", EVENTS, "to tell what happened on the object it happened to"
)
"""To write Events."""

AT_HOME = (
    Need(Reach.CLUSTER, "list watch", CRDS, "to know which kinds are served there, and since when"),
    Need(Reach.CLUSTER, "get", NAMESPACES, "to delete nothing while a namespace is being deleted"),
    TO_SPEAK,
)
"""What it takes in a member that manifests of its own count there."""
