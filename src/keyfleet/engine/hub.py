# SPDX-License-Identifier: Apache-2.0
"""What the hub says: manifests, policies, sources, and whether all of it is known.

Its manifests are watched by `declarations`; here is what only the hub has: policies, annotated
Secrets, and the question whether it is still the same hub.
"""

import asyncio
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from keyfleet.base.clock import Clock
from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.declarations.claims import kinds_of
from keyfleet.engine.declarations.declarations import Declarations, Manner
from keyfleet.engine.declarations.served import LOOK_S, Watchable, is_heard
from keyfleet.engine.deletion.holds import HomeView, deletion_hold
from keyfleet.engine.hubevents import HubEvents
from keyfleet.engine.hubobjects import (
    Document,
    is_same_request,
    metadata_manifest,
    origin_of,
)
from keyfleet.engine.hubpolicies import HubPolicies
from keyfleet.engine.members.sourcewatches import SourceWatches
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.relay import relay
from keyfleet.engine.views import namespace_facts
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import CONFIGMAPS, FLEETPOLICIES, NAMESPACES, SECRETS
from keyfleet.kube.watching import HURRY_S
from keyfleet.model.intent import SecretRef
from keyfleet.model.ownership import OWNER_ANNOTATION, Marker
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding
from keyfleet.model.policy import Policies
from keyfleet.plugin import Dialect, Kind

LOOKS, LOOK_AGAIN_S = 10, 1.0
"""How often a hub that came back is asked whether its store is an earlier one, until it answers."""
log = get_logger("engine")

ObjectKey = tuple[str, str]


class Hub:
    """The hub's watches."""

    def __init__(
        self,
        client: Client,
        dialects: Iterable[Dialect],
        *,
        events: HubEvents,
        domain: str,
        clock: Clock,
        random: Random,
        hooks: Hooks,
        manner: Manner | None = None,
    ) -> None:
        self.client = client
        self._domain = domain
        self._events = events
        self._means = Means(clock=clock, random=random, hooks=relay(hooks, self._watch_is))
        self._policies = HubPolicies(client, events.policies_changed, self._means)
        self._was_away = False
        self._rewinding: asyncio.Task[None] | None = None
        self._clock = clock
        self._dialects = {
            kind.resource.kind: (dialect, kind) for dialect in dialects for kind in dialect.kinds
        }
        policies = Watchable(
            FLEETPOLICIES, watch=lambda _: self._policies.serve(), gone=self._policies.withdraw
        )
        self.declarations = Declarations(
            client,
            kinds_of(dialects),
            events=events,
            manner=manner or Manner(),
            means=self._means,
            further=[policies],
        )
        self._secrets: Informer[Metadata] = Informer(
            client,
            Collection(SECRETS, METADATA, keep=self._is_kept),
            self._on_secret,
            **self._means,
        )
        self._namespaces: Informer[Metadata] = Informer(
            client, Collection(NAMESPACES, METADATA), self._on_namespace, **self._means
        )
        maker = WatchMaker(client, **self._means)
        self._config_maps = SourceWatches(maker, events.hub_source_changed)
        native = [kind.resource for _, kind in kinds_of(dialects) if not kind.is_foreign]
        self._needed = {one.label: one.kind for one in (*native, FLEETPOLICIES)}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def policies(self) -> Policies:
        """What the FleetPolicies say now; incomplete while they may not be looked at."""
        return self._policies.current

    async def start(self) -> None:
        """Start the watches and wait until everything that is served has been listed."""
        self._tasks.append(spawn(self._insist(), name="hub again"))
        self.declarations.kinds.start()
        for informer in (self._secrets, self._namespaces):
            self._tasks.append(spawn(informer.run(), name="watch hub"))
        while not all(map(is_heard, (self._secrets, self._namespaces))):
            await self._clock.sleep(LOOK_S)
        await self.declarations.kinds.settled()

    async def stop(self) -> None:
        """Stop the watches."""
        await self._policies.close()
        await self.declarations.kinds.stop()
        await stop(self._rewinding, *self._tasks, *self._config_maps.clear())

    async def _insist(self) -> None:
        # There is one hub, and nothing goes on without it: asking it often costs little.
        while True:
            await self._clock.sleep(HURRY_S)
            for watch in tuple(self.client.watches):
                watch.hurry()

    def _watch_is(self, state: str) -> None:
        if state == "failed":
            self._was_away = True
        if state != "live":
            return
        self._events.hub_heard()
        if self._was_away:
            self._was_away = False
            # One that still looks after an earlier outage may have looked before this one.
            if self._rewinding is not None:
                self._rewinding.cancel()
            self._rewinding = spawn(self._look_for_rewind(), name="hub restored?")

    async def _look_for_rewind(self) -> None:
        # A watch that goes on where it was, on a hub restored from a backup, shows nothing. A hub
        # that has just started refuses or throttles the question, and soon has no old state left.
        kinds = self.declarations.kinds
        waiting: list[Informer[Any]] = [self._secrets, self._namespaces]
        waiting += [kinds.crds, *kinds.informers()]
        for _ in range(LOOKS):
            unknown: list[Informer[Any]] = []
            for informer in waiting:
                try:
                    if informer.synced and await informer.is_rewound():
                        log.warning("engine.hub_restored")
                        self._events.hub_rewound()
                        return
                except KeyfleetError as error:
                    log.debug("engine.hub_not_compared", code=error.code)
                    unknown.append(informer)
            if not unknown:
                return
            waiting = unknown
            await self._clock.sleep(LOOK_AGAIN_S)

    def manifest(self, kind: str, namespace: str, name: str) -> Document | None:
        """Return a manifest as last seen."""
        return self.declarations.manifest(kind, namespace, name)

    def dialect_of(self, kind: str) -> tuple[Dialect, Kind] | None:
        """Return who understands a kind."""
        return self._dialects.get(kind)

    def crd_uid(self, kind: str) -> str:
        """Return the UID of a native kind's CRD; empty for kinds without one."""
        found = self.declarations.crd(kind)
        return found.uid if found is not None else ""

    def is_watching(self, ref: SecretRef) -> bool:
        """Tell whether changes of a source on the hub are seen: it may be readable only."""
        if ref.kind == CONFIGMAPS.kind:
            return self._config_maps.is_watching(ref)
        return self._secrets.synced or not isinstance(self._secrets.error, DeniedError)

    def source_version(self, ref: SecretRef) -> str | None:
        """Return the resourceVersion of an object of the hub; empty: absent; None: not known."""
        if ref.kind == CONFIGMAPS.kind:
            return self._config_maps.version(ref)
        found = self._secrets.items.get((ref.namespace, ref.name))
        if found is None:
            return "" if self._secrets.synced else None
        return found.resource_version

    def watch_config_map(self, ref: SecretRef) -> None:
        """Watch a ConfigMap that holds templates; Secrets are watched anyway."""
        self._config_maps.watch(ref)

    def unwatch_config_map(self, ref: SecretRef) -> None:
        """Stop watching a ConfigMap whose templates nobody uses any more."""
        self._config_maps.unwatch(ref)

    def deletion_hold(self, key: IntentKey, marker: Marker | None) -> Finding | None:
        """Return why a target of an intent may not be deleted now."""
        namespace = self._namespaces.items.get(("", key.namespace))
        crd = self.declarations.crd(key.kind)
        return deletion_hold(
            key,
            marker,
            HomeView(
                is_listed=self._is_listed(key.kind),
                needs_crd=key.kind != SECRETS.kind,
                crd_uid=crd.uid if crd is not None and not crd.deletion_timestamp else "",
                is_crd_known=self.declarations.kinds.crds.synced,
                are_namespaces_listed=self._namespaces.synced,
                is_namespace_terminating=namespace is not None
                and namespace_facts(namespace).is_terminating,
                domain=self._domain,
                is_left=self.declarations.is_left(key.kind, key.namespace, key.name),
            ),
        )

    def namespace_now(self, name: str) -> NamespaceFacts | None:
        """Return a namespace of the hub, as the watch shows it."""
        found = self._namespaces.items.get(("", name))
        return namespace_facts(found) if found is not None else None

    def has_namespace(self, name: str) -> bool:
        """Tell whether a namespace of the hub exists, as the watch shows it."""
        return ("", name) in self._namespaces.items

    def namespaces(self) -> Mapping[str, NamespaceFacts] | None:
        """Return the namespaces of the hub, as the watch shows them; None: not all are known."""
        if not self._namespaces.synced:
            return None
        return {name: namespace_facts(one) for (_, name), one in self._namespaces.items.items()}

    def problems(self) -> list[str]:
        """Return what keeps the hub from being served; for readiness."""
        kinds = self.declarations.kinds
        missing = set(kinds.missing()) & set(self._needed)
        found = [
            f"{kind} is not served; run `keyfleet install`"
            for label, kind in self._needed.items()
            if label in missing
        ]
        for label, kind in self._needed.items():
            informer = kinds.informer(label)
            if informer is not None and not informer.synced:
                found.append(f"{kind} is not listed yet")
        return found

    def _is_listed(self, kind: str) -> bool:
        if kind == SECRETS.kind:
            return self._secrets.synced
        return self.declarations.is_listed(kind)

    def _is_kept(self, annotation: str) -> bool:
        return annotation == OWNER_ANNOTATION or annotation.startswith(f"{self._domain}/")

    def _on_secret(self, key: ObjectKey, old: Metadata | None, new: Metadata | None) -> None:
        self._events.hub_source_changed(SecretRef(key[0], key[1]))
        for dialect, kind in self._dialects.values():
            if kind.metadata_only:
                self._on_annotated(dialect, kind, old, new)

    def _on_annotated(
        self, dialect: Dialect, kind: Kind, old: Metadata | None, new: Metadata | None
    ) -> None:
        is_wanted = new is not None and kind.wanted(new)
        was_wanted = old is not None and kind.wanted(old)
        known = new if is_wanted else old
        if known is None or not (is_wanted or was_wanted):
            return
        if is_wanted and was_wanted and is_same_request(old, new):
            return
        manifest = metadata_manifest(kind, known)
        origin = origin_of(dialect, kind.resource.kind, known)
        self._events.manifest_changed(dialect, origin, manifest if is_wanted else None)

    def _on_namespace(self, key: ObjectKey, old: Metadata | None, new: Metadata | None) -> None:
        del old, new
        self._events.hub_namespace_changed(key[1])
