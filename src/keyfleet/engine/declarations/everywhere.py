# SPDX-License-Identifier: Apache-2.0
"""The manifests of the whole fleet: those of the hub, and of members where they count too.

The hub is watched once, also when it is a member: its manifests belong to no cluster by name.
"""

from collections.abc import Iterable, Mapping

from keyfleet.base.means import Means
from keyfleet.engine.declarations.claims import Declared, for_members, is_own
from keyfleet.engine.declarations.declarations import Declarations, Manner
from keyfleet.engine.declarations.events import DeclarationEvents
from keyfleet.engine.deletion.confirm import Ground
from keyfleet.engine.deletion.holds import Home, HomeView, deletion_hold
from keyfleet.engine.entry import Entry
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hub import Hub
from keyfleet.engine.hubobjects import Document
from keyfleet.kube.client import Client
from keyfleet.kube.resources import Resource
from keyfleet.model.ownership import Installation, Marker
from keyfleet.model.places import ClusterName, IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding
from keyfleet.model.stores import StoreRef
from keyfleet.plugin import Dialect, Kind


class Everywhere:
    """Watches the manifests of members, and answers for those of the hub too."""

    def __init__(
        self,
        installation: Installation,
        hub: Hub,
        fleet: Fleet,
        dialects: Iterable[Dialect],
        *,
        events: DeclarationEvents,
        manner: Manner,
        means: Means,
    ) -> None:
        """Prepare; the hub watches its own manifests.

        Args:
            installation: Who the hub is.
            hub: Its manifests, and the right to more: see `_counting`.
            fleet: The members.
            dialects: Whose kinds.
            events: Told about manifests.
            manner: How manifests are watched.
            means: Of the watches.
        """
        self._installation = installation
        self.hub = hub
        self._fleet = fleet
        self._declared = for_members(dialects)
        self._events = events
        self._manner = manner
        self._means = means
        self._members: dict[ClusterName, Declarations] = {}

    # Which clusters are watched.

    def start(self, entry: Entry) -> None:
        """Watch the manifests of a member that is engaged, where any count."""
        counting = self._counting()
        if entry.client is None or entry.is_hub or not counting or entry.name in self._members:
            return
        declarations = Declarations(
            entry.client,
            counting,
            events=self._events,
            manner=self._manner,
            means=self._means,
            cluster=entry.name,
        )
        self._members[entry.name] = declarations
        declarations.kinds.start()

    def look_again(self) -> None:
        """See whether more kinds count in members, as the hub serves other kinds now."""
        for entry in self._fleet:
            if entry.member is not None:
                self.start(entry)

    async def stop(self, entry: Entry) -> list[str]:
        """Stop to watch a member; return the kinds that were served there."""
        declarations = self._members.pop(entry.name, None)
        if declarations is None:
            return []
        await declarations.kinds.stop()
        return [kind.resource.kind for _, kind in self._declared]

    def _counting(self) -> list[Declared]:
        # A watch in every member costs a connection and a right there each. So there is one only if
        # a setting names the dialect, or the hub itself has a CRD of it that we installed.
        claims, crds = self._manner.claims, self.hub.declarations.kinds.crds.items
        own = {name for (_, name), crd in crds.items() if is_own(crd)}
        named = {
            dialect.name
            for dialect, kind in self._declared
            if dialect.name in claims.dialects or kind.resource.label in own
        }
        return [one for one in self._declared if one[0].name in named]

    # What is known of manifests.

    def of(self, cluster: ClusterName) -> Declarations | None:
        """Return what is declared in a cluster; empty, or a name of the hub, is the hub."""
        hub = self._fleet.hub()
        if not cluster or (hub is not None and hub.facts.answers_to(cluster)):
            return self.hub.declarations
        found = self._members.get(cluster)
        if found is None and (entry := self._fleet.get(cluster)) is not None:
            found = self._members.get(entry.name)
        return found

    def dialect_of(self, kind: str) -> tuple[Dialect, Kind] | None:
        """Return who understands a kind."""
        return self.hub.dialect_of(kind)

    def manifest(self, key: IntentKey) -> Document | None:
        """Return the manifest of an intent as last seen."""
        found = self.of(key.cluster)
        return found.manifest(key.kind, key.namespace, key.name) if found else None

    def served(self, key: IntentKey) -> Resource | None:
        """Return the kind of an intent in the version that its cluster serves."""
        found = self.of(key.cluster)
        return found.served(key.kind) if found else None

    def client(self, cluster: ClusterName) -> Client | None:
        """Return the way to a cluster's manifests; None while it is away."""
        if not cluster:
            return self.hub.client
        found, entry = self._members.get(cluster), self._fleet.get(cluster)
        is_away = entry is not None and entry.problem is not None
        return found.client if found is not None and not is_away else None

    def crd_uid(self, key: IntentKey) -> str:
        """Return the UID of the CRD of an intent's kind; empty for kinds without one."""
        found = self.of(key.cluster)
        crd = found.crd(key.kind) if found else None
        return crd.uid if crd else ""

    # What a deletion rests on.

    def deletion_hold(self, key: IntentKey, marker: Marker | None) -> Finding | None:
        """Return why a target of an intent may not be deleted now."""
        if not key.cluster:
            return self.hub.deletion_hold(key, marker)
        return deletion_hold(key, marker, self._view(key))

    def has_namespace(self, key: IntentKey) -> bool:
        """Tell whether the namespace of an intent exists, as the watch shows it."""
        if not key.cluster:
            return self.hub.has_namespace(key.namespace)
        entry = self._fleet.get(key.cluster)
        member = entry.member if entry else None
        return member is not None and member.namespace_now(key.namespace) is not None

    def namespace(self, key: IntentKey) -> NamespaceFacts | None:
        """Return the namespace of a manifest, as the watch shows it."""
        if not key.cluster:
            return self.hub.namespace_now(key.namespace)
        entry = self._fleet.get(key.cluster)
        member = entry.member if entry else None
        return member.namespace_now(key.namespace) if member is not None else None

    def namespaces(self, cluster: ClusterName) -> Mapping[str, NamespaceFacts] | None:
        """Return the namespaces of a cluster; None while not all are known."""
        if not cluster:
            return self.hub.namespaces()
        entry = self._fleet.get(cluster)
        member = entry.member if entry else None
        return member.all_namespaces if member and member.sees_namespaces else None

    def covered(
        self, dialect: Dialect, kind: Kind, namespaces: Mapping[str, NamespaceFacts]
    ) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces whose manifests of a kind are ours."""
        claims = self._manner.claims
        return {name: one for name, one in namespaces.items() if claims.covers(dialect, kind, name)}

    def ground(self, cluster: ClusterName, kind: str) -> Ground | None:
        """Return a cluster as one to ask about its manifests of a kind; None while it is away."""
        if not cluster:
            served = self.hub.declarations.served(kind)
            version = served.version if served else ""
            return Ground(self.hub.client, self._installation.hub, version=version)
        entry, client, found = self._fleet.get(cluster), self.client(cluster), self.of(cluster)
        if entry is None or client is None or found is None:
            return None
        crd, served = found.crd(kind), found.served(kind)
        return Ground(
            client,
            entry.facts.uid,
            Home(cluster),
            crd_uid=crd.uid if crd else "",
            version=served.version if served else "",
        )

    def _view(self, key: IntentKey) -> HomeView:
        found, entry = self._members.get(key.cluster), self._fleet.get(key.cluster)
        member = entry.member if entry else None
        crd = found.crd(key.kind) if found else None
        namespace = member.namespace_now(key.namespace) if member else None
        return HomeView(
            is_listed=found is not None and found.is_listed(key.kind),
            needs_crd=True,
            crd_uid=crd.uid if crd is not None and not crd.deletion_timestamp else "",
            is_crd_known=found is not None and found.kinds.crds.synced,
            are_namespaces_listed=member is not None and member.sees_namespaces,
            is_namespace_terminating=namespace is not None and namespace.is_terminating,
            domain="",
            home=Home(key.cluster),
            is_left=found is not None and found.is_left(key.kind, key.namespace, key.name),
        )

    # `stores.StoreObjects`.

    def find(self, ref: StoreRef) -> Document | None:
        """Return the manifest of a store or a generator as last seen; None when absent."""
        found = self.of(ref.cluster)
        return found.manifest(ref.kind, ref.namespace, ref.name) if found else None

    def is_known(self, cluster: ClusterName, kind: str) -> bool:
        """Tell whether all manifests of that kind are known there: only then is None absence."""
        found = self.of(cluster)
        return found is not None and found.is_listed(kind)
