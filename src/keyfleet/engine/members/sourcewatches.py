# SPDX-License-Identifier: Apache-2.0
"""The watched sources of one cluster: one watch each, by name, so that no other object is seen."""

import asyncio
from collections.abc import Callable

from keyfleet.base.errors import DeniedError
from keyfleet.base.tasks import spawn
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import CONFIGMAPS, SECRETS
from keyfleet.model.intent import SecretRef


class SourceWatches:
    """Opens a watch when a source is first read, and ends it when nobody reads it any more."""

    def __init__(self, maker: WatchMaker, on_change: Callable[[SecretRef], None]) -> None:
        self._maker = maker
        self._on_change = on_change
        self._watched: dict[SecretRef, tuple[Informer[Metadata], asyncio.Task[None]]] = {}

    def informers(self) -> list[Informer[Metadata]]:
        """Return the running watches."""
        return [informer for informer, _ in self._watched.values()]

    def watch(self, ref: SecretRef) -> None:
        """Watch a source, unless it is watched already."""
        if ref in self._watched:
            return
        informer = self._maker.watch(
            CONFIGMAPS if ref.kind == CONFIGMAPS.kind else SECRETS,
            lambda *_: self._on_change(ref),
            namespace=ref.namespace,
            fields=f"metadata.name={ref.name}",
            purpose="source",
        )
        self._watched[ref] = (informer, spawn(informer.run(), name=f"watch source {ref}"))

    def unwatch(self, ref: SecretRef) -> None:
        """Stop watching a source that no intent reads any more."""
        known = self._watched.pop(ref, None)
        if known is not None:
            known[1].cancel()

    def version(self, ref: SecretRef) -> str | None:
        """Return a source's resourceVersion; empty: absent; None: not known."""
        known = self._watched.get(ref)
        if known is None:
            return None
        found = known[0].items.get((ref.namespace, ref.name))
        if found is None:
            return "" if known[0].synced else None
        return found.resource_version

    def is_watching(self, ref: SecretRef) -> bool:
        """Tell whether a source is watched, or will be as soon as its watch is open."""
        known = self._watched.get(ref)
        return known is None or not isinstance(known[0].error, DeniedError)

    def clear(self) -> list[asyncio.Task[None]]:
        """Forget every watch; return their tasks, which the caller ends."""
        tasks = [task for _, task in self._watched.values()]
        self._watched.clear()
        return tasks
