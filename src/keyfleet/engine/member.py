# SPDX-License-Identifier: Apache-2.0
"""One engaged cluster: its watches, what is remembered of its targets, its answers to a pass."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from random import Random
from typing import cast

from keyfleet.base.clock import Clock
from keyfleet.base.errors import DeniedError, PermanentError
from keyfleet.base.log import Hooks
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.memory import Memory, Spot, is_newer
from keyfleet.engine.scopes import EVERYWHERE, ScopedWatch
from keyfleet.engine.views import actual_from_secret, namespace_facts
from keyfleet.kube.client import Client
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import NAMESPACES, SECRETS, Resource
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.ownership import (
    HUB_LABEL,
    MARKED,
    Claim,
    Holding,
    Installation,
    Marker,
    read_marker,
    spot_in,
)
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts

ObjectKey = tuple[str, str]


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


class Member:
    """A cluster with running watches; implements `views.ClusterView`."""

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
    ) -> None:
        self.facts = facts
        self.client = client
        self.memory = Memory()
        self.is_ready = False
        self._installation = installation
        self._events = events
        self._clock = clock
        self._random = random
        self._hooks = hooks
        self._lists = lists
        self._owner_at: dict[Spot, IntentKey] = {}
        self._spots_called: dict[str, set[Spot]] = {}
        self._spots_of: dict[IntentKey, set[Spot]] = {}
        self._namespaces: dict[str, NamespaceFacts] = {}
        self._sources: dict[SecretRef, tuple[Informer[Metadata], asyncio.Task[None]]] = {}
        self._scopes = scopes
        self._targets_informer = ScopedWatch(scopes, self._watch_targets)
        self._namespaces_informer = self._informer(NAMESPACES, self._on_namespace)
        self._ahead_of_list: dict[str, set[Spot]] = {}
        self._writing: Counter[Spot] = Counter()
        self._unjudged: dict[Spot, tuple[Metadata | None, set[IntentKey]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the watches, wait for their first lists and verify every marked target.

        Raises:
            KeyfleetError: The targets cannot be listed.
        """
        for informer in (self._targets_informer, self._namespaces_informer):
            self._tasks.append(spawn(informer.run(), name=f"watch {self.facts.name}"))
        await self._targets_known()
        await self._namespaces_known()
        await self._verify()
        self.is_ready = True

    async def stop(self) -> None:
        """Stop the watches; the client stays open for its owner to close."""
        self.is_ready = False
        watches = [task for _, task in self._sources.values()]
        self._sources.clear()
        await stop(*self._tasks, *watches)

    def nudge(self) -> None:
        """Let every watch try again now: the cluster answers."""
        for informer in self._informers():
            informer.nudge()

    async def is_rewound(self) -> bool:
        """Tell whether the cluster was restored to an earlier state than was seen of it.

        Raises:
            TemporaryError: The cluster does not answer.
        """
        return await self._targets_informer.is_rewound()

    def watch_age_s(self) -> float:
        """Return how long ago the quietest watch was last heard."""
        now = self._clock.monotonic()
        return max(now - informer.heard_at for informer in self._informers())

    def markers(self, intent: IntentKey) -> list[Marker]:
        """Return the markers of an intent's targets here that we signed, as the watch shows them.

        What anybody could have written there says nothing of how far the intent has come.
        """
        found = [self._holding(spot) for spot in self._spots(intent)]
        return [one.marker for one in found if one.claim is Claim.OURS and one.marker is not None]

    def owners(self) -> set[IntentKey]:
        """Return every intent that has marked targets here, live or gone."""
        return set(self._spots_of)

    def owns_for(self, intent: IntentKey) -> bool:
        """Tell whether an intent, live or gone, has marked targets here."""
        return intent in self._spots_of

    def owners_of(self, name: str) -> set[IntentKey]:
        """Return the intents whose marked targets are called so."""
        return {self._owner_at[spot] for spot in self._spots_called.get(name, ())}

    def target(self, spot: Spot) -> Metadata | None:
        """Return a marked target as the watch shows it."""
        return self._targets_informer.items.get(spot)

    @property
    def target_count(self) -> int:
        """Marked targets in this cluster."""
        return len(self._owner_at)

    def spots(self, intent: Intent) -> list[Spot]:
        """Return where the intent's targets are or may be wanted, by name."""
        named = [(name, intent.targets.name) for name in intent.targets.namespaces.names]
        return sorted({*self._spots(intent.key), *named})

    def spots_of(self, intent: IntentKey) -> list[Spot]:
        """Return where an intent, live or gone, has marked targets, as the watch shows them."""
        return self._spots(intent)

    def shown(self, spot: Spot) -> Actual | None:
        """Return a marked target as the watch shows it: without its data, and unread."""
        found = self._targets_informer.items.get(spot)
        return _from_metadata(found) if found is not None else None

    def is_blind_for(self, intent: Intent) -> bool:
        """Tell whether the intent's namespaces cannot be told, as they may not be listed."""
        return not intent.targets.namespaces.is_by_name and self._are_namespaces_hidden()

    def namespace_now(self, name: str) -> NamespaceFacts | None:
        """Return a namespace as the watch shows it."""
        return self._namespaces.get(name)

    def watch_source(self, ref: SecretRef) -> None:
        """Watch one Secret that is a source, by name, so that no other is seen."""
        if ref in self._sources:
            return
        informer = self._informer(
            SECRETS,
            lambda *_: self._events.source_changed(self, ref),
            namespace=ref.namespace,
            fields=f"metadata.name={ref.name}",
            purpose="source",
        )
        self._sources[ref] = (informer, spawn(informer.run(), name=f"watch source {ref}"))

    def is_watching(self, ref: SecretRef) -> bool:
        """Tell whether a source is watched, or will be as soon as its watch is open."""
        known = self._sources.get(ref)
        return known is None or not isinstance(known[0].error, DeniedError)

    def unwatch_source(self, ref: SecretRef) -> None:
        """Stop watching a source that no intent reads any more."""
        known = self._sources.pop(ref, None)
        if known is not None:
            known[1].cancel()

    @contextmanager
    def writing(self, spot: Spot) -> Iterator[None]:
        """Judge what the watch shows of a place only when a write to it has been answered.

        The echo often comes before the answer, and would look like somebody else's change.
        """
        self._writing[spot] += 1
        try:
            yield
        finally:
            self._writing[spot] -= 1
            if not self._writing[spot]:
                del self._writing[spot]
                if spot in self._unjudged:
                    old, concerned = self._unjudged.pop(spot)
                    self._judge(spot, old, self._targets_informer.items.get(spot), concerned)

    # The answers of `views.ClusterView`.

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        matcher = intent.targets.namespaces
        if not matcher.is_by_name:
            if self._are_namespaces_hidden() and self._namespaces_informer.error is not None:
                # Not to see the namespaces is not to see none: that would look like leaving all.
                raise self._namespaces_informer.error.with_traceback(None)
            return self._within_scopes()
        found = {name: await self.namespace(name) for name in matcher.names}
        return {name: facts for name, facts in found.items() if facts is not None}

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; where they may not be listed, it is taken to exist."""
        if self._are_namespaces_hidden():
            return NamespaceFacts(name)
        return self._namespaces.get(name)

    async def owned(self, intent: IntentKey) -> list[Spot]:
        """Return where this intent's marked targets are."""
        return self._spots(intent)

    async def actual(self, namespace: str, name: str, intent: IntentKey) -> Actual | None:
        """Return the target as the watch and the memory know it; read it when they do not."""
        spot = (namespace, name)
        cached = self._targets_informer.items.get(spot)
        known = self.memory.get(spot)
        if known is not None and known.ahead is not None and known.intent == intent:
            version = known.resource_version
            if cached is None or is_newer(version, cached.resource_version):
                return known.ahead
        if cached is None and not self.memory.is_doubted(spot):
            return None
        is_known = (
            cached is not None
            and known is not None
            and known.resource_version == cached.resource_version
            and known.intent == intent
        )
        if is_known and cached is not None and known is not None:
            return replace(
                _from_metadata(cached),
                type=known.type,
                fingerprint=known.fingerprint,
                is_immutable=known.is_immutable,
            )
        return await self._read(spot, intent)

    async def _read(self, spot: Spot, intent: IntentKey) -> Actual | None:
        secret = await self.client.find_secret(*spot)
        if secret is None:
            self.memory.forget(spot)
            return None
        actual = actual_from_secret(secret, self._installation, intent)
        if spot in self._targets_informer.items:
            self.memory.read(spot, actual, intent)
        else:
            # Somebody else's: no watch shows it, so the next pass reads it again instead of trying
            # to create it.
            self.memory.doubt(spot)
        return actual

    async def _verify(self) -> None:
        # One paged list with values; each page is fingerprinted and dropped (design.md 2.3).
        labels = f"{HUB_LABEL}={self._installation.hub_label}"
        for scope in self._scopes:
            try:
                await self._verify_in(scope, labels)
            except DeniedError:
                if len(self._scopes) == 1:
                    raise

    async def _verify_in(self, scope: str, labels: str) -> None:
        async for page in self.client.secret_pages(namespace=scope, labels=labels):
            for secret in page:
                marker = read_marker(secret.metadata.annotations or {})
                # What the watch does not show counts for nothing, however much a server lists.
                if marker is not None and secret.metadata.key in self._targets_informer.items:
                    actual = actual_from_secret(secret, self._installation, marker.intent)
                    self.memory.read(secret.metadata.key, actual, marker.intent)

    async def _targets_known(self) -> None:
        while not self._targets_informer.synced:
            self._raise_if_final(self._targets_informer)
            await self._clock.sleep(0.02)

    async def _namespaces_known(self) -> None:
        while not self._namespaces_informer.synced and not self._are_namespaces_hidden():
            self._raise_if_final(self._namespaces_informer)
            await self._clock.sleep(0.02)

    def _raise_if_final(self, informer: Informer[Metadata] | ScopedWatch) -> None:
        # Forbidden, or more than is kept: waiting would end in a time limit that says nothing.
        if isinstance(informer.error, PermanentError):
            raise informer.error.with_traceback(None)

    def _within_scopes(self) -> Mapping[str, NamespaceFacts]:
        if self._scopes == EVERYWHERE:
            return self._namespaces
        return {name: facts for name, facts in self._namespaces.items() if name in self._scopes}

    def _are_namespaces_hidden(self) -> bool:
        informer = self._namespaces_informer
        return not informer.synced and isinstance(informer.error, DeniedError)

    def _informers(self) -> list[Informer[Metadata] | ScopedWatch]:
        sources = [informer for informer, _ in self._sources.values()]
        return [self._targets_informer, self._namespaces_informer, *sources]

    def _watch_targets(self, scope: str) -> Informer[Metadata]:
        return self._informer(
            SECRETS,
            self._on_target,
            namespace=scope,
            labels=f"{HUB_LABEL}={self._installation.hub_label}",
            hooks=cast("Hooks", _ListRelay(self._hooks, partial(self._on_list, scope))),
        )

    def _informer(
        self,
        resource: Resource,
        on_change: Callable[[ObjectKey, Metadata | None, Metadata | None], None],
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        purpose: str = "target",
        hooks: Hooks | None = None,
    ) -> Informer[Metadata]:
        return Informer(
            self.client,
            resource,
            namespace=namespace,
            labels=labels,
            fields=fields,
            on_change=on_change,
            clock=self._clock,
            random=self._random,
            hooks=hooks or self._hooks,
            purpose=purpose,
            lists=self._lists,
        )

    def _on_list(self, scope: str, *, is_complete: bool) -> None:
        # What was written before a list began and is not in it was taken away behind the watch.
        if not is_complete:
            ahead = self.memory.ahead()
            self._ahead_of_list[scope] = {spot for spot in ahead if scope in ("", spot[0])}
            return
        for spot in self._ahead_of_list.pop(scope, set()) & self.memory.ahead():
            known = self.memory.get(spot)
            self.memory.doubt(spot)
            if known is not None and self.is_ready:
                self._events.target_changed(self, {known.intent}, spot)

    def _holding(self, spot: Spot) -> Holding:
        annotations = self._targets_informer.items[spot].annotations or {}
        return MARKED.claims(annotations, spot_in(self.facts, *spot), self._installation)

    def _spots(self, intent: IntentKey) -> list[Spot]:
        return sorted(self._spots_of.get(intent, ()))

    def _on_target(self, spot: Spot, old: Metadata | None, new: Metadata | None) -> None:
        before = self._owner_at.get(spot)
        marker = read_marker(new.annotations or {}) if new is not None else None
        after = marker.intent if marker is not None else None
        if before != after:
            self._move(spot, before, after)
        concerned = {intent for intent in (before, after) if intent is not None}
        if spot in self._writing:
            concerned |= self._unjudged.get(spot, (None, set()))[1]
            self._unjudged[spot] = (old, concerned)
        else:
            self._judge(spot, old, new, concerned)

    def _judge(
        self, spot: Spot, old: Metadata | None, new: Metadata | None, concerned: set[IntentKey]
    ) -> None:
        if self.is_ready and not self._is_echo(spot, old, new):
            self._events.target_changed(self, concerned, spot)

    def _is_echo(self, spot: Spot, old: Metadata | None, new: Metadata | None) -> bool:
        if new is None:
            known = self.memory.get(spot)
            if known is not None and known.ahead is not None and old and known.uid != old.uid:
                # What went is older than the object we wrote there, whose echo is still to come.
                return True
            is_own = old is not None and self.memory.is_own_deletion(spot, old.uid)
            if not is_own:
                self.memory.forget(spot)
            return is_own
        known = self.memory.get(spot)
        if known is None:
            return False
        if known.resource_version == new.resource_version:
            self.memory.settle(spot)
            return True
        # An older version than the one we wrote: our own echo is still to come.
        return known.ahead is not None and is_newer(known.resource_version, new.resource_version)

    def _move(self, spot: Spot, before: IntentKey | None, after: IntentKey | None) -> None:
        if before is not None:
            spots = self._spots_of[before]
            spots.discard(spot)
            if not spots:
                del self._spots_of[before]
            del self._owner_at[spot]
            called = self._spots_called[spot[1]]
            called.discard(spot)
            if not called:
                del self._spots_called[spot[1]]
        if after is not None:
            self._owner_at[spot] = after
            self._spots_called.setdefault(spot[1], set()).add(spot)
            self._spots_of.setdefault(after, set()).add(spot)

    def _on_namespace(self, key: ObjectKey, old: Metadata | None, new: Metadata | None) -> None:
        del old
        before = self._namespaces.pop(key[1], None)
        after = namespace_facts(new) if new is not None else None
        if after is not None:
            self._namespaces[key[1]] = after
        if self.is_ready and before != after:
            self._events.namespace_changed(self, before, after)


class _ListRelay:
    """Pass observations on, and tell when a list begins and when it is complete."""

    def __init__(self, hooks: Hooks, on_list: Callable[..., None]) -> None:
        self._hooks = hooks
        self._on_list = on_list

    def watch_changed(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        """A watch changed its state."""
        self._hooks.watch_changed(cluster, resource, state, watch)
        if state in ("listing", "live"):
            self._on_list(is_complete=state == "live")

    def __getattr__(self, name: str) -> object:
        return getattr(self._hooks, name)


def _from_metadata(metadata: Metadata) -> Actual:
    return Actual(
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        has_labels=metadata.labels is not None,
        has_annotations=metadata.annotations is not None,
        is_deleting=metadata.deletion_timestamp is not None,
    )
