# SPDX-License-Identifier: Apache-2.0
"""The marked targets of one cluster as a watch shows them, and which of its changes are news.

The echo of an own write or deletion is none: the memory knows what was written, so the watch only
confirms it. Everything else was done by somebody else, and is told.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import cast

from keyfleet.base.log import Hooks
from keyfleet.engine.members.memory import Memory, Spot, is_newer
from keyfleet.engine.members.owners import Owners
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS, Resource
from keyfleet.model.ownership import read_marker
from keyfleet.model.places import IntentKey

Tell = Callable[[set[IntentKey], Spot], None]


class TargetWatch:
    """Watches the targets that carry one label, keeps whose they are, and tells what is news."""

    def __init__(
        self,
        maker: WatchMaker,
        memory: Memory,
        *,
        labels: str,
        scopes: tuple[str, ...],
        is_ready: Callable[[], bool],
        tell: Tell,
        resource: Resource = SECRETS,
    ) -> None:
        """Prepare; `informer` has to be run.

        Args:
            maker: Makes the watches.
            memory: What we read and wrote; learns here what the watch has caught up with.
            labels: The selector of marked targets.
            scopes: The namespaces to watch, or `EVERYWHERE`.
            is_ready: Whether changes are judged yet, and told.
            tell: Told the intents concerned when a target was changed by somebody else, or went.
            resource: The kind of the targets.
        """
        self._resource = resource
        self.owners = Owners()
        self._maker = maker
        self._memory = memory
        self._labels = labels
        self._is_ready = is_ready
        self._tell = tell
        self._ahead_of_list: dict[str, set[Spot]] = {}
        self._writing: Counter[Spot] = Counter()
        self._unjudged: dict[Spot, tuple[Metadata | None, set[IntentKey]]] = {}
        self.informer = ScopedWatch(scopes, self._watch)

    @property
    def items(self) -> Mapping[Spot, Metadata]:
        """The targets by place."""
        return self.informer.items

    async def known(self) -> None:
        """Wait until everything that may be listed is.

        Raises:
            PermanentError: They may not be listed, or are more than is kept.
        """
        await self._maker.listed(self.informer, is_enough=lambda: self.informer.synced)

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
                    self._judge(spot, old, self.items.get(spot), concerned)

    def _watch(self, scope: str) -> Informer[Metadata]:
        relay = _ListRelay(self._maker.hooks, partial(self._on_list, scope))
        return self._maker.watch(
            self._resource,
            self._on_target,
            namespace=scope,
            labels=self._labels,
            hooks=cast("Hooks", relay),
        )

    def _on_list(self, scope: str, *, is_complete: bool) -> None:
        # What was written before a list began and is not in it was taken away behind the watch.
        if not is_complete:
            ahead = self._memory.ahead()
            self._ahead_of_list[scope] = {spot for spot in ahead if self._is_within(scope, spot)}
            return
        for spot in self._ahead_of_list.pop(scope, set()) & self._memory.ahead():
            known = self._memory.get(spot)
            self._memory.doubt(spot)
            if known is not None and self._is_ready():
                self._tell({known.intent}, spot)

    def _is_within(self, scope: str, spot: Spot) -> bool:
        """Tell whether a list of one scope has to show what is at a place."""
        return scope in ("", spot[0])

    def _on_target(self, spot: Spot, old: Metadata | None, new: Metadata | None) -> None:
        before = self.owners.at(spot)
        marker = read_marker(new.annotations or {}) if new is not None else None
        after = marker.intent if marker is not None else None
        self.owners.move(spot, after)
        concerned = {intent for intent in (before, after) if intent is not None}
        if spot in self._writing:
            concerned |= self._unjudged.get(spot, (None, set()))[1]
            self._unjudged[spot] = (old, concerned)
        else:
            self._judge(spot, old, new, concerned)

    def _judge(
        self, spot: Spot, old: Metadata | None, new: Metadata | None, concerned: set[IntentKey]
    ) -> None:
        if not self._is_ready():
            return
        is_echo = self._is_own_end(spot, old) if new is None else self._is_echo(spot, new)
        if not is_echo:
            self._tell(concerned, spot)

    def _is_own_end(self, spot: Spot, old: Metadata | None) -> bool:
        known = self._memory.get(spot)
        if known is not None and known.ahead is not None and old and known.uid != old.uid:
            # What went is older than the object we wrote there, whose echo is still to come.
            return True
        is_own = old is not None and self._memory.is_own_deletion(spot, old.uid)
        if not is_own:
            self._memory.forget(spot)
        return is_own

    def _is_echo(self, spot: Spot, new: Metadata) -> bool:
        known = self._memory.get(spot)
        if known is None:
            return False
        if known.resource_version == new.resource_version:
            self._memory.settle(spot)
            return True
        # An older version than the one we wrote: our own echo is still to come.
        return known.ahead is not None and is_newer(known.resource_version, new.resource_version)


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
