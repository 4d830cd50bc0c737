# SPDX-License-Identifier: Apache-2.0
"""What the engine does when the sealing keys of a cluster change, and where it looks for them."""

from collections.abc import Iterator
from itertools import chain

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.engine.core import Core
from keyfleet.engine.due import Due
from keyfleet.engine.entry import Entry
from keyfleet.engine.hubobjects import HUB
from keyfleet.engine.resolving import HUB_WORD, Resolving
from keyfleet.engine.sealing.fleetkeys import FleetKeys
from keyfleet.engine.sealing.keysecrets import KeySecrets
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.model.intent import Intent, Origin
from keyfleet.model.places import ClusterName
from keyfleet.model.sealed import SealedRead
from keyfleet.plugin import Event

log = get_logger("sealing")

_DIALECT = "sealed-secrets"
SHARED_HINT = (
    "whoever owns a namespace in one of these clusters can open what was sealed for the namespace "
    "of that name in the others; take the key out of all but one and seal again"
)


class KeyChanges:
    """Implements `KeyEvents`: queues whom keys concern, and tells people."""

    def __init__(self, core: Core, due: Due) -> None:
        """Prepare.

        Args:
            core: What the engine works with.
            due: Queues keys.
        """
        parts = core.parts
        self._core = core
        self._due = due
        self._warned: set[tuple[str, tuple[ClusterName, ...]]] = set()
        self.keys = FleetKeys(
            parts.sealing,
            find=self._find,
            is_needed=self._is_needed,
            may_make=self._may_make,
            events=self,
            means=Means(clock=parts.clock, random=parts.random, hooks=parts.hooks),
        )

    def kind_changed(self, kind: str, cluster: ClusterName) -> None:
        """A kind is served in a cluster and all its manifests are known, or it is no more."""
        if kind != SEALEDSECRETS.kind:
            return
        declared = self._core.declared.of(cluster)
        is_served = declared is not None and declared.served(kind) is not None
        self.keys.serve(cluster, is_served=is_served)

    # `KeyEvents`.

    def keys_changed(self, cluster: ClusterName, before: KeySecrets | None) -> None:
        """Try again what did not open; what opened stays. What is sealed may have to be anew."""
        del before
        for intent in list(self._readers(cluster)):
            if not self._core.results.is_well(intent.key):
                self._due.afresh(intent.key)
        entry = self._entry(cluster)
        for intent in list(self._sealers(cluster)):
            if entry is not None:
                entry.lane.add_now(intent.key)
        self._warn_of_shared(cluster)

    def key_broken(self, cluster: ClusterName, broken: Metadata, error: InvalidInputError) -> None:
        """Tell people who look at the key Secret."""
        self._tell(cluster, broken, Event("Warning", "SealingKeyBroken", f"{error}; {error.hint}"))

    def key_made(self, cluster: ClusterName, made: Metadata, *, is_first: bool) -> None:
        """Tell people who look at the key Secret."""
        why = "the cluster had none in use" if is_first else "the newest is due for renewal"
        self._tell(cluster, made, Event("Normal", "SealingKeyMade", f"new sealing key: {why}"))

    def _tell(self, cluster: ClusterName, about: Metadata, event: Event) -> None:
        kind = SECRETS.kind
        origin = Origin(_DIALECT, kind, about.namespace, about.name, uid=about.uid, cluster=cluster)
        self._core.telling.tell(origin, SECRETS, (event,))

    def _warn_of_shared(self, cluster: ClusterName) -> None:
        for fingerprint, names in self.keys.shared(cluster).items():
            found = (fingerprint, tuple(names))
            if found in self._warned:
                continue
            self._warned.add(found)
            clusters = ", ".join(name or "hub" for name in names)
            log.warning("sealing.key_shared", clusters=clusters, key=fingerprint, hint=SHARED_HINT)
            note = f"{clusters} have the same sealing key {fingerprint}: {SHARED_HINT}"
            for name in names:
                self._tell_of_key(name, fingerprint, Event("Warning", "SealingKeyShared", note))

    def _tell_of_key(self, cluster: ClusterName, fingerprint: str, event: Event) -> None:
        held = self.keys.of(cluster)
        for key in held.known.found if held and held.known else ():
            if key.fingerprint == fingerprint:
                self._tell(cluster, key.metadata, event)

    # `FleetKeys`.

    def _is_needed(self, cluster: ClusterName) -> bool:
        users = chain(self._readers(cluster), self._sealers(cluster))
        return next(users, None) is not None

    def _sealers(self, cluster: ClusterName) -> Iterator[Intent]:
        """Yield who seals what it delivers there."""
        entry = self._entry(cluster)
        if entry is not None:
            for intent in self._core.intents.meaning(entry.facts):
                if intent.targets.sealed_as is not None:
                    yield intent

    def _entry(self, cluster: ClusterName) -> Entry | None:
        fleet = self._core.fleet
        return fleet.get(cluster) if cluster else fleet.hub()

    def _readers(self, cluster: ClusterName) -> Iterator[Intent]:
        for intent in self._core.intents:
            for read in intent.all_reads:
                if isinstance(read.ref, SealedRead) and self._name(read.ref.cluster) == cluster:
                    yield intent
                    break

    def _name(self, asked: ClusterName) -> ClusterName:
        """Return the name that a cluster goes by, also while it is away."""
        hub = self._core.fleet.hub()
        if not asked or (hub is not None and hub.facts.answers_to(asked)):
            return HUB
        entry = self._core.fleet.get(asked)
        if entry is None:
            return HUB if asked == HUB_WORD else asked
        return entry.name

    def _find(self, name: ClusterName) -> tuple[ClusterName, Client] | None:
        parts = self._core.parts
        if self._name(name) == HUB:
            return HUB, parts.hub
        found = Resolving(parts.installation, parts.hub, self._core.fleet).find(name)
        return (found[0].name, found[1]) if found is not None else None

    def _may_make(self, cluster: ClusterName) -> bool:
        entry = self._entry(cluster)
        is_paused = entry is not None and entry.snapshot.paused
        return not is_paused and self._core.parts.may_write()
