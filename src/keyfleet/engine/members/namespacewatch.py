# SPDX-License-Identifier: Apache-2.0
"""The namespaces of one cluster as a watch shows them, or that they may not be seen."""

from collections.abc import Callable, Mapping

from keyfleet.base.errors import DeniedError
from keyfleet.engine.members.scopes import EVERYWHERE, ObjectKey
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.views import namespace_facts
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import NAMESPACES
from keyfleet.model.intent import Intent
from keyfleet.model.places import NamespaceFacts

OnChange = Callable[[NamespaceFacts | None, NamespaceFacts | None], None]


class NamespaceWatch:
    """Answers which namespaces there are."""

    def __init__(self, maker: WatchMaker, scopes: tuple[str, ...], on_change: OnChange) -> None:
        """Prepare; `informer` has to be run.

        Args:
            maker: Makes the watch.
            scopes: The namespaces that matchers may find, or `EVERYWHERE`.
            on_change: Told what placement could see a difference in.
        """
        self.informer = maker.watch(NAMESPACES, self._on_namespace)
        self._maker = maker
        self._scopes = scopes
        self._on_change = on_change
        self._known: dict[str, NamespaceFacts] = {}

    @property
    def are_hidden(self) -> bool:
        """Whether they may not be listed."""
        return not self.informer.synced and isinstance(self.informer.error, DeniedError)

    async def known(self) -> None:
        """Wait until they are listed, or known to be hidden.

        Raises:
            PermanentError: They are more than is kept.
        """
        await self._maker.listed(
            self.informer, is_enough=lambda: self.informer.synced or self.are_hidden
        )

    @property
    def all(self) -> Mapping[str, NamespaceFacts]:
        """The namespaces as the watch shows them."""
        return self._known

    def now(self, name: str) -> NamespaceFacts | None:
        """Return a namespace as the watch shows it."""
        return self._known.get(name)

    def one(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; where they may not be listed, it is taken to exist."""
        return NamespaceFacts(name) if self.are_hidden else self._known.get(name)

    def for_intent(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about.

        Raises:
            DeniedError: They may not be listed, and the matcher names none.
        """
        matcher = intent.targets.namespaces
        if not matcher.is_by_name:
            if self.are_hidden and self.informer.error is not None:
                # Not to see the namespaces is not to see none: that would look like leaving all.
                raise self.informer.error.with_traceback(None)
            return self._within_scopes()
        found = {name: self.one(name) for name in matcher.names}
        return {name: facts for name, facts in found.items() if facts is not None}

    def _within_scopes(self) -> Mapping[str, NamespaceFacts]:
        if self._scopes == EVERYWHERE:
            return self._known
        return {name: facts for name, facts in self._known.items() if name in self._scopes}

    def _on_namespace(self, key: ObjectKey, old: Metadata | None, new: Metadata | None) -> None:
        del old
        before = self._known.pop(key[1], None)
        after = namespace_facts(new) if new is not None else None
        if after is not None:
            self._known[key[1]] = after
        if before != after:
            self._on_change(before, after)
