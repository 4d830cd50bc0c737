# SPDX-License-Identifier: Apache-2.0
"""Watching what stores name: the credentials and certificates in their clusters.

The watches are those of sources; an object that an intent reads too is watched once.
"""

from collections.abc import Callable

from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hub import Hub
from keyfleet.engine.members.member import Member
from keyfleet.kube.resources import CONFIGMAPS
from keyfleet.model.intent import SecretRef


class StoreWatches:
    """Implements `named.Watches` over the hub and the members."""

    def __init__(self, hub: Hub, fleet: Fleet, is_read: Callable[[SecretRef], bool]) -> None:
        """Prepare.

        Args:
            hub: Its Secrets are watched anyway.
            fleet: The members.
            is_read: Whether an intent reads an object, so that its watch is to stay.
        """
        self._hub = hub
        self._fleet = fleet
        self._is_read = is_read

    def watch(self, ref: SecretRef) -> None:
        """Watch an object, unless it is watched already, or its cluster is away."""
        member = self._member(ref)
        if member is not None:
            member.watch_source(ref)
        elif not ref.cluster and ref.kind == CONFIGMAPS.kind:
            self._hub.watch_config_map(ref)

    def unwatch(self, ref: SecretRef) -> None:
        """No store names it any more."""
        if self._is_read(ref):
            return
        member = self._member(ref)
        if member is not None:
            member.unwatch_source(ref)
        elif not ref.cluster and ref.kind == CONFIGMAPS.kind:
            self._hub.unwatch_config_map(ref)

    def version(self, ref: SecretRef) -> str | None:
        """Return its resourceVersion as the watch shows it; empty: absent; None: not known."""
        if not ref.cluster:
            return self._hub.source_version(ref)
        member = self._member(ref)
        return member.source_version(ref) if member is not None else None

    def _member(self, ref: SecretRef) -> Member | None:
        entry = self._fleet.get(ref.cluster) if ref.cluster else None
        return entry.member if entry is not None else None
