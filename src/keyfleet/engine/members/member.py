# SPDX-License-Identifier: Apache-2.0
"""One engaged cluster: its watches, what is remembered of its targets, its answers to a pass."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from random import Random

from keyfleet.base.clock import Clock
from keyfleet.base.errors import DeniedError
from keyfleet.base.log import Hooks
from keyfleet.base.sealing import SealingCertificate
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.members.carrierhomes import CarrierHomes
from keyfleet.engine.members.inheritedwatch import InheritedWatches
from keyfleet.engine.members.memory import Memory, Spot
from keyfleet.engine.members.namespacewatch import NamespaceWatch
from keyfleet.engine.members.scopes import EVERYWHERE, ScopedWatch
from keyfleet.engine.members.sealedtargets import SealedTargets
from keyfleet.engine.members.sourcewatches import SourceWatches
from keyfleet.engine.members.targetview import TargetView
from keyfleet.engine.members.targetwatch import TargetWatch
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.sealing.certificates import Certificates, NoCertificates
from keyfleet.engine.views import (
    Look,
    actual_from_secret,
    with_inherited_keys,
)
from keyfleet.kube.client import Client
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.ownership import HUB_LABEL, Installation, Marker, read_marker
from keyfleet.model.places import (
    SECRET,
    ClusterFacts,
    IntentKey,
    NamespaceFacts,
)
from keyfleet.model.plan import Finding


class MemberEvents:
    """What a member tells the engine; every call is synchronous and cheap."""

    def target_changed(self, member: "Member", intents: set[IntentKey], spot: Spot) -> None:
        """A target was changed by somebody else, or went."""

    def namespace_changed(
        self, member: "Member", old: NamespaceFacts | None, new: NamespaceFacts | None
    ) -> None:
        """A namespace came, went or changed its labels."""

    def source_changed(self, member: "Member", ref: SecretRef) -> None:
        """A watched source Secret came, went or changed."""


class Member(TargetView):
    """A cluster with running watches; implements `views.ClusterView` for its Secrets."""

    def __init__(  # noqa: PLR0913 - one object with all its settings, all but three by name
        self,
        facts: ClusterFacts,
        client: Client,
        installation: Installation,
        *,
        events: MemberEvents,
        clock: Clock,
        random: Random,
        hooks: Hooks,
        lists: asyncio.Semaphore | None = None,
        scopes: tuple[str, ...] = EVERYWHERE,
        certificates: Certificates | None = None,
        hub: Client | None = None,
    ) -> None:
        self._facts = facts
        self.is_ready = False
        self._events = events
        self._clock = clock
        self._scopes = scopes
        self._labels = f"{HUB_LABEL}={installation.hub_label}"
        self._maker = WatchMaker(client, clock, random, hooks, lists)
        memory = Memory()
        targets = TargetWatch(
            self._maker,
            memory,
            labels=self._labels,
            scopes=scopes,
            is_ready=lambda: self.is_ready,
            tell=self._target_changed,
        )
        super().__init__(SECRET, client, installation, memory, targets)
        self.sealed = SealedTargets(
            self,
            self._maker,
            installation,
            labels=self._labels,
            scopes=scopes,
            tell=self._target_changed,
            certificates=certificates or NoCertificates(),
        )
        self.carriers = CarrierHomes(
            self,
            replace(self._maker, client=hub or client),
            installation,
            labels=self._labels,
            tell=self._target_changed,
        )
        self._namespaces = NamespaceWatch(self._maker, scopes, self._namespace_changed)
        self._sources = SourceWatches(self._maker, self._source_changed)
        self._inherited = InheritedWatches(self._maker, scopes, self._inherited_changed)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels."""
        return self._facts

    @facts.setter
    def facts(self, facts: ClusterFacts) -> None:
        self._facts = facts

    @property
    def views(self) -> tuple[TargetView, ...]:
        """Its targets, kind by kind."""
        return (self, self.sealed, *self.carriers.views)

    def view(self, kind: str) -> TargetView:
        """Return its targets of one kind."""
        return next(view for view in self.views if view.kind == kind)

    async def start(self) -> None:
        """Start the watches, wait for their first lists and verify every marked target.

        Raises:
            KeyfleetError: The targets cannot be listed.
        """
        for informer in (self._targets.informer, self._namespaces.informer):
            self._tasks.append(spawn(informer.run(), name=f"watch {self.facts.name}"))
        await self._targets.known()
        await self._namespaces.known()
        await self._verify()
        with suppress(DeniedError):
            await self.sealed.open()
        with suppress(DeniedError):
            await self.carriers.open()
        self.is_ready = True

    async def stop(self) -> None:
        """Stop the watches; the client stays open for its owner to close."""
        self.is_ready = False
        tasks = (*self._sources.clear(), *self._inherited.clear(), *self._closed())
        await stop(*self._tasks, *tasks)

    def nudge(self) -> None:
        """Let every watch try again now: the cluster answers."""
        for informer in self._informers():
            informer.nudge()

    async def is_rewound(self) -> bool:
        """Tell whether the cluster was restored to an earlier state than was seen of it.

        Raises:
            TemporaryError: The cluster does not answer.
        """
        return await self._targets.informer.is_rewound()

    def watch_age_s(self) -> float:
        """Return how long ago the quietest watch was last heard."""
        now = self._clock.monotonic()
        return max(now - informer.heard_at for informer in self._informers())

    def markers(self, intent: IntentKey) -> list[Marker]:
        """Return the markers of an intent's targets here that we signed, as the watch shows them.

        What anybody could have written there says nothing of how far the intent has come.
        """
        return [marker for view in self.views for marker in view.signed(intent)]

    def owners(self) -> set[IntentKey]:
        """Return every intent that has marked targets here, live or gone."""
        return self._targets.owners.all() | self.sealed.owners | self.carriers.owners

    def owns_for(self, intent: IntentKey) -> bool:
        """Tell whether an intent, live or gone, has marked targets here."""
        return any(view.has(intent) for view in self.views)

    def owners_of(self, name: str) -> set[IntentKey]:
        """Return the intents whose marked targets are called so."""
        return {key for view in self.views for key in view.called(name)}

    @property
    def target_count(self) -> int:
        """Marked targets in this cluster."""
        return sum(view.count for view in self.views)

    def spots(self, intent: Intent) -> list[Spot]:
        """Return where the intent's targets are or may be wanted, by name."""
        named = [(name, intent.targets.name) for name in intent.targets.namespaces.names]
        view = self.view(intent.targets.kind)
        return sorted({*view.spots_of(intent.key), *named})

    def is_blind_for(self, intent: Intent) -> bool:
        """Tell whether the intent's namespaces cannot be told, as they may not be listed."""
        return not intent.targets.namespaces.is_by_name and self._namespaces.are_hidden

    @property
    def sees_namespaces(self) -> bool:
        """Whether the namespaces are listed: only then is one that is not shown absent."""
        return self._namespaces.informer.synced

    @property
    def all_namespaces(self) -> Mapping[str, NamespaceFacts]:
        """The namespaces as the watch shows them."""
        return self._namespaces.all

    def namespace_now(self, name: str) -> NamespaceFacts | None:
        """Return a namespace as the watch shows it."""
        return self._namespaces.now(name)

    def watch_source(self, ref: SecretRef) -> None:
        """Watch one Secret that is a source."""
        self._sources.watch(ref)

    def is_watching(self, ref: SecretRef) -> bool:
        """Tell whether a source is watched, or will be as soon as its watch is open."""
        return self._sources.is_watching(ref)

    def source_version(self, ref: SecretRef) -> str | None:
        """Return a watched source's resourceVersion; empty: absent; None: not known."""
        return self._sources.version(ref)

    def unwatch_source(self, ref: SecretRef) -> None:
        """Stop watching a source that no intent reads any more."""
        self._sources.unwatch(ref)

    def watch_inherited(self, labels: str) -> None:
        """Watch the targets of another tool, whose manifests are served here."""
        self._inherited.watch(labels)

    # The answers of `views.ClusterView`.

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        return self._namespaces.for_intent(intent)

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; where they may not be listed, it is taken to exist."""
        return self._namespaces.one(name)

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""
        return await self.sealed.certificate()

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, wherever that is written, or why not."""
        return await self.sealed.sealing_certificate()

    async def sealed_uid(self, spot: Spot, intent: IntentKey) -> str:
        """Return the UID of the SealedSecret that an intent delivered to a place; empty: none."""
        return self.sealed.uid_of(spot, intent)

    async def _read(self, spot: Spot, intent: IntentKey, look: Look) -> Actual | None:
        secret = await self.client.find_secret(*spot)
        if secret is None:
            self.memory.forget(spot)
            return None
        actual = actual_from_secret(secret, self._installation, intent, look.inheritance)
        actual = await with_inherited_keys(self.client, actual, spot, look)
        if spot in self._targets.items:
            self.memory.read(spot, actual, intent)
        else:
            # Somebody else's: no watch shows it, so the next pass reads it again instead of trying
            # to create it.
            self.memory.doubt(spot)
        return actual

    async def _verify(self) -> None:
        # One paged list with values; each page is fingerprinted and dropped (design.md 2.3).
        for scope in self._scopes:
            try:
                await self._verify_in(scope)
            except DeniedError:
                if len(self._scopes) == 1:
                    raise

    async def _verify_in(self, scope: str) -> None:
        async for page in self.client.secret_pages(namespace=scope, labels=self._labels):
            for secret in page:
                marker = read_marker(secret.metadata.annotations or {})
                # What the watch does not show counts for nothing, however much a server lists.
                if marker is not None and secret.metadata.key in self._targets.items:
                    actual = actual_from_secret(secret, self._installation, marker.intent)
                    self.memory.read(secret.metadata.key, actual, marker.intent)

    def _closed(self) -> list[asyncio.Task[None]]:
        return [*self.sealed.close(), *self.carriers.close()]

    def _informers(self) -> list[Informer[Metadata] | ScopedWatch]:
        own = (self._targets.informer, self._namespaces.informer)
        return [
            *own,
            *self._sources.informers(),
            *self._inherited.informers(),
            *self.sealed.informers(),
            *self.carriers.informers(),
        ]

    def _target_changed(self, intents: set[IntentKey], spot: Spot) -> None:
        self._events.target_changed(self, intents, spot)

    def _inherited_changed(self, spot: Spot) -> None:
        if self.is_ready:
            self._events.target_changed(self, set(), spot)

    def _namespace_changed(self, old: NamespaceFacts | None, new: NamespaceFacts | None) -> None:
        if self.is_ready:
            self._events.namespace_changed(self, old, new)

    def _source_changed(self, ref: SecretRef) -> None:
        self._events.source_changed(self, ref)
