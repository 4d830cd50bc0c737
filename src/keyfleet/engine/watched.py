# SPDX-License-Identifier: Apache-2.0
"""Which objects of the hub and of members are watched, because an intent reads them."""

from collections.abc import Iterable

from keyfleet.engine.core import Core
from keyfleet.engine.entry import Entry
from keyfleet.kube.resources import CONFIGMAPS
from keyfleet.model.intent import Intent, SecretRef


class Watched:
    """Starts and stops the watches of sources."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def follow(self, intent: Intent, before: Intent | None) -> None:
        """Watch what an intent reads, and not what only its predecessor did.

        Args:
            intent: It counts already.
            before: What its manifest said earlier; None: it is new.
        """
        if before is not None and before.all_reads != intent.all_reads:
            self.leave(before)
        for ref in _config_maps(intent):
            self._core.hub.watch_config_map(ref)
        for entry in self._core.fleet.concerning(intent.key):
            self._watch(entry, [intent])

    def leave(self, intent: Intent) -> None:
        """Stop watching what an intent read that does not count any more, unless others do."""
        for ref in _config_maps(intent):
            if not self._is_named(ref):
                self._core.hub.unwatch_config_map(ref)
        for ref in intent.refs:
            if ref.cluster and not self._is_named(ref):
                entry = self._core.fleet.get(ref.cluster)
                if entry is not None and entry.member is not None:
                    entry.member.unwatch_source(ref)

    def engaged(self, entry: Entry) -> None:
        """Watch what is read in a cluster that is engaged."""
        self.inherited(entry)
        self._watch(entry, self._core.intents)
        self._core.stores.watch_again()

    def inherited(self, entry: Entry) -> None:
        """Watch what the targets of kinds that are served there are merged into."""
        declarations = self._core.declared.of(entry.name)
        if entry.member is None or declarations is None:
            return
        for dialect in self._core.parts.dialects:
            for kind in dialect.kinds:
                if kind.inherits and declarations.served(kind.resource.kind):
                    entry.member.watch_inherited(kind.inherits)

    def _watch(self, entry: Entry, intents: Iterable[Intent]) -> None:
        if entry.member is None or entry.member.facts.is_hub:
            return
        for ref in (ref for intent in intents for ref in intent.refs):
            if ref.cluster and entry.facts.answers_to(ref.cluster):
                entry.member.watch_source(ref)

    def _is_named(self, ref: SecretRef) -> bool:
        return bool(self._core.intents.reading([ref])) or self._core.stores.names(ref)


def _config_maps(intent: Intent) -> list[SecretRef]:
    return [ref for ref in intent.refs if ref.kind == CONFIGMAPS.kind and not ref.cluster]
