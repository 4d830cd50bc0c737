# SPDX-License-Identifier: Apache-2.0
"""Which cluster answers to a name that a manifest gives: a member, or the hub."""

from keyfleet.base.errors import TemporaryError
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hubobjects import HUB
from keyfleet.kube.client import Client
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid

HUB_WORD = "hub"
"""What the hub answers to as a source, unless a cluster is called so."""


class Resolving:
    """Finds clusters by name; empty is the hub."""

    def __init__(self, installation: Installation, hub: Client, fleet: Fleet) -> None:
        self._installation = installation
        self._hub = hub
        self._fleet = fleet

    def find(self, name: ClusterName) -> tuple[ClusterFacts, Client] | None:
        """Return the cluster that answers to a name; None when nobody does.

        Raises:
            TemporaryError: It is away, or who the hub is cannot be said yet.
        """
        hub = self._fleet.hub()
        if not name or (hub is not None and hub.facts.answers_to(name)):
            return self._fleet.hub_facts() or _hub_facts(self._installation), self._hub
        entry = self._fleet.get(name)
        if entry is None:
            # The hub may be called so where no cluster has that name.
            return self.find(HUB) if name == HUB_WORD else None
        if entry.member is None or entry.problem is not None:
            reason = entry.problem.message if entry.problem else "not connected"
            raise TemporaryError("source.cluster_away", reason, str(name))
        return entry.facts, entry.member.client

    def client(self, name: ClusterName) -> Client:
        """Return the client of the cluster of a store.

        Raises:
            TemporaryError: It is away, or no cluster has that name (any more).
        """
        found = self.find(name)
        if found is None:
            raise TemporaryError("source.cluster_away", "no cluster answers to that name", name)
        return found[1]

    def facts_now(self, name: ClusterName) -> ClusterFacts | None:
        """Return the cluster that answers to a name; None when that cannot be said now."""
        try:
            found = self.find(name)
        except TemporaryError:
            return None
        return found[0] if found else None

    def facts_of(self, name: ClusterName) -> ClusterFacts | None:
        """Return what is known of a member, also while it is away."""
        entry = self._fleet.get(name)
        return entry.facts if entry else None

    def accepted_names(self, name: ClusterName) -> frozenset[str]:
        """Return the earlier names of a member that a person accepted."""
        entry = self._fleet.get(name)
        return entry.snapshot.accepted_names if entry else frozenset()


def hub_names(fleet: Fleet) -> set[ClusterName]:
    """Return everything that the hub answers to."""
    hub = fleet.hub()
    names = {hub.name, *map(ClusterName, hub.facts.aliases)} if hub else set()
    return {HUB, *hub_words(fleet), *names}


def hub_words(fleet: Fleet) -> set[ClusterName]:
    """Return `HUB_WORD`, unless a cluster is called so."""
    word = ClusterName(HUB_WORD)
    return set() if fleet.get(word) else {word}


def _hub_facts(installation: Installation) -> ClusterFacts:
    return ClusterFacts(ClusterName("hub"), ClusterUid(installation.hub), is_hub=True)
