# SPDX-License-Identifier: Apache-2.0
"""Targets that another tool made, seen by that tool's label until we write them ourselves.

They carry no mark of ours, so no other watch shows when somebody changes one.
"""

import asyncio
from collections.abc import Callable

from keyfleet.base.tasks import spawn
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS
from keyfleet.model.ownership import OWNER_ANNOTATION


class InheritedWatches:
    """One watch for each tool whose manifests are served in a cluster."""

    def __init__(
        self, maker: WatchMaker, scopes: tuple[str, ...], tell: Callable[[Spot], None]
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            maker: Makes the watches.
            scopes: The namespaces to watch, or `EVERYWHERE`.
            tell: Told where such a target came, went or changed.
        """
        self._maker = maker
        self._scopes = scopes
        self._tell = tell
        self._watches: dict[str, tuple[ScopedWatch, asyncio.Task[None]]] = {}

    def watch(self, labels: str) -> None:
        """Watch what carries a tool's label, unless it is watched already."""
        if labels in self._watches:
            return
        watch = ScopedWatch(
            self._scopes,
            lambda scope: self._maker.watch(
                SECRETS, self._on_change, namespace=scope, labels=labels, purpose="inherited"
            ),
        )
        self._watches[labels] = (watch, spawn(watch.run(), name=f"watch {labels}"))

    def informers(self) -> list[ScopedWatch]:
        """Return the running watches."""
        return [watch for watch, _ in self._watches.values()]

    def clear(self) -> list[asyncio.Task[None]]:
        """Forget every watch; return their tasks, which the caller ends."""
        tasks = [task for _, task in self._watches.values()]
        self._watches.clear()
        return tasks

    def _on_change(self, spot: Spot, old: Metadata | None, new: Metadata | None) -> None:
        known = new or old
        if known is not None and OWNER_ANNOTATION not in (known.annotations or {}):
            self._tell(spot)
