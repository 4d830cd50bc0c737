# SPDX-License-Identifier: Apache-2.0
"""What the engine does when the hub changes, or manifests do, in whichever cluster they are."""

from dataclasses import replace
from typing import cast

from keyfleet.engine.core import Core
from keyfleet.engine.declarations.home import at_home
from keyfleet.engine.due import Due
from keyfleet.engine.hubevents import HubEvents
from keyfleet.engine.hubobjects import HUB, Document
from keyfleet.engine.intentchanges import IntentChanges
from keyfleet.engine.resolving import hub_names
from keyfleet.engine.sealing.keychanges import KeyChanges
from keyfleet.engine.storechanges import StoreChanges, reads_stores
from keyfleet.engine.understanding import understood
from keyfleet.engine.watched import Watched
from keyfleet.kube.resources import SECRETS
from keyfleet.model.intent import Origin, SecretRef
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.stores import StoreRef
from keyfleet.plugin import Dialect
from keyfleet.plugin.parents import ParentDialect


class HubChanges(HubEvents):
    """Queues what a change of the hub or of a manifest concerns."""

    def __init__(
        self,
        core: Core,
        due: Due,
        watched: Watched,
        *,
        intents: IntentChanges,
        stores: StoreChanges,
        keys: KeyChanges,
    ) -> None:
        self._core = core
        self._due = due
        self._watched = watched
        self._intents = intents
        self._stores = stores
        self._keys = keys

    # The hub.

    def hub_heard(self) -> None:
        """Serve at once what waited for a source on the hub."""
        self._due.release_for_hub()

    def hub_rewound(self) -> None:
        """Begin anew: what is known of the hub is of a later state than it has."""
        self._core.parts.hub_rewound()

    def policies_changed(self) -> None:
        """Decide everything again under the new rules."""
        self._core.readings.rounds.drop_all()
        self._due.everything()
        self._core.deletions.breaker.stir()

    def hub_source_changed(self, ref: SecretRef) -> None:
        """Queue the intents that read this object of the hub."""
        core, here = self._core, replace(ref, cluster=HUB)
        if ref.kind == SECRETS.kind:
            core.parts.secret_changed(ref)
        core.stores.object_changed(here)
        refs = [replace(ref, cluster=name) for name in hub_names(core.fleet)]
        self._due.object_changed(refs, here, core.hub)

    def hub_namespace_changed(self, name: str) -> None:
        """Look again at what was held because the namespace was going."""
        core = self._core
        core.parents.namespaces_changed(HUB)
        for intent in core.intents:
            is_inside = (intent.key.cluster, intent.key.namespace) == (HUB, name)
            if is_inside and reads_stores(intent):
                self._due.afresh(intent.key)
        for entry in core.fleet:
            for key in entry.member.owners() if entry.member else ():
                if key.namespace == name and not core.intents.is_known(key):
                    entry.lane.add(key)

    # Manifests.

    def manifest_changed(self, dialect: Dialect, origin: Origin, manifest: Document | None) -> None:
        """Translate a manifest and queue what it concerns, before and after."""
        core, key = self._core, _key(origin)
        concerned, before = self._due.concerned(key), core.intents.get(key)
        if manifest is None:
            self._intents.drop(key)
            core.statuses.gone(key)
        else:
            self._translate(dialect, origin, manifest)
            core.statuses.changed(key)
        core.parents.child_changed(key)
        core.readings.rounds.drop(key)
        self._due.queue(key, concerned | self._due.concerned(key))
        self._due.heirs(before, concerned)
        core.deletions.breaker.changed()

    def manifest_left(self, origin: Origin) -> None:
        """Drop the intent of a manifest that is not ours any more; its targets stay."""
        core, key = self._core, _key(origin)
        concerned, before = self._due.concerned(key), core.intents.get(key)
        self._intents.drop(key)
        core.statuses.gone(key)
        core.readings.rounds.drop(key)
        self._due.heirs(before, concerned)

    def kind_gone(self, kind: str, cluster: ClusterName) -> None:
        """Drop the intents of a kind that is not served; their targets stay."""
        core = self._core
        for key in core.intents.of_kind(kind):
            if key.cluster == cluster:
                self._intents.drop(key)
        gone = [key for key in core.parents.of_cluster(cluster) if key.kind == kind]
        core.parents.forget(gone)
        self._stores.kind_changed(kind, cluster)
        self._keys.kind_changed(kind, cluster)

    def kind_listed(self, kind: str, cluster: ClusterName) -> None:
        """Look at what is left of manifests that are gone, now that those that live are known."""
        core = self._core
        if not cluster:
            core.declared.look_again()
        entry = core.fleet.get(cluster) if cluster else None
        if target := entry or core.fleet.hub():
            self._watched.inherited(target)
        for key in entry.member.owners() if entry and entry.member else ():
            if (key.kind, key.cluster) == (kind, cluster) and not core.intents.is_known(key):
                self._due.queue(key, [cluster])
        core.parents.namespaces_changed(cluster)
        self._stores.kind_changed(kind, cluster)
        self._keys.kind_changed(kind, cluster)

    def store_changed(self, ref: StoreRef) -> None:
        """Read again what is read from a store, or made by a generator, that changed."""
        self._stores.changed(ref)

    def parent_changed(self, dialect: Dialect, origin: Origin, manifest: Document | None) -> None:
        """Make, mend or leave the children of a manifest that makes others."""
        key = _key(origin)
        self._core.parents.seen(cast("ParentDialect", dialect), key, manifest)
        if manifest is None:
            self._core.statuses.gone(key)

    def _translate(self, dialect: Dialect, origin: Origin, manifest: Document) -> None:
        translation = at_home(understood(dialect, manifest, origin, only_quickly=True))
        if not translation.intents and not translation.rejections:
            # The manifest asks for nothing any more, such as one that was switched off.
            self._intents.drop(_key(origin))
        for intent in translation.intents:
            self._intents.put(intent)
        for rejection in translation.rejections:
            self._core.intents.reject(rejection)


def _key(origin: Origin) -> IntentKey:
    return IntentKey(origin.kind, origin.namespace, origin.name, origin.cluster)
