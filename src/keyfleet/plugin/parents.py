# SPDX-License-Identifier: Apache-2.0
"""The protocol of dialects with manifests that make other manifests.

A ClusterExternalSecret makes an ExternalSecret in each namespace that it selects. What is wanted is
planned by the dialect, purely; the engine carries it out in the parent's own cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from keyfleet.model.intent import Rejection
from keyfleet.model.places import NamespaceFacts
from keyfleet.plugin import Dialect, Kind, Report

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """What a parent finds in its cluster; complete, else nothing is planned."""

    namespaces: Mapping[str, NamespaceFacts]
    children: tuple[Manifest, ...]
    """Every manifest of the kind that parents make, whoever made it."""


@dataclass(frozen=True, slots=True)
class Brood:
    """What a parent wants to be done, and what its status says once it is."""

    name: str = ""
    """What its children are called: a change of one that is called so concerns it."""
    create: tuple[Manifest, ...] = ()
    change: tuple[Manifest, ...] = ()
    """As they shall be, with uid and resourceVersion of what is there: labels, annotations and spec
    are replaced."""
    delete: tuple[Manifest, ...] = ()
    """As they are."""
    provisioned: tuple[str, ...] = ()
    """Namespaces whose child is as wanted, or will be once the above is done."""
    failed: Mapping[str, str] | None = None
    """Namespace -> why it can have no child."""
    again: timedelta | None = None
    """When to look again without any change being seen."""
    rejection: Rejection | None = None
    """It cannot be understood: its children stay as they are."""


class ParentDialect(Dialect, Protocol):
    """A dialect that has parents, too."""

    @property
    def child(self) -> Kind:
        """The kind that its parents make."""
        ...

    def brood(self, parent: Manifest, around: Around) -> Brood:
        """Return what is to be done for a parent; a terminating namespace gets no child."""
        ...

    def report_brood(
        self, brood: Brood, failures: Mapping[str, str], parent: Manifest, *, now: str
    ) -> Report:
        """Return how to say on a parent what came of it.

        Args:
            brood: What was planned.
            failures: Namespace -> what the API server answered, where something was not done.
            parent: The manifest, with its present status.
            now: RFC 3339.
        """
        ...
