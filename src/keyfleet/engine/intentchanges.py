# SPDX-License-Identifier: Apache-2.0
"""What has to happen when an intent comes, changes or goes, besides queueing it."""

from keyfleet.engine.core import Core
from keyfleet.engine.due import Due
from keyfleet.engine.watched import Watched
from keyfleet.model.intent import Intent
from keyfleet.model.places import IntentKey
from keyfleet.transform.shape import varies_with


class IntentChanges:
    """Lets intents count, and makes everybody forget those that do not any more."""

    def __init__(self, core: Core, due: Due, watched: Watched) -> None:
        self._core = core
        self._due = due
        self._watched = watched
        self._namespaced: dict[IntentKey, bool] = {}
        """Whether an intent's templates look at their namespace; found out when it matters."""

    def put(self, intent: Intent) -> None:
        """Let an intent count instead of what its manifest said before."""
        core = self._core
        before = core.intents.get(intent.key)
        self._namespaced.pop(intent.key, None)
        core.intents.put(intent)
        self._watched.follow(intent, before)
        token = intent.sync_requested
        if token and before is not None and before.sync_requested != token:
            self._sync(intent, token)
        elif token and before is None:
            core.results.sync_began(intent.key, token, ())

    def drop(self, key: IntentKey) -> None:
        """Forget an intent; its targets stay until a pass over its key decides about them."""
        core = self._core
        for name in self._due.concerned(key):
            if entry := core.fleet.get(name):
                core.clusters.counted(entry)
        intent = core.intents.get(key)
        core.intents.drop(key)
        self._namespaced.pop(key, None)
        if intent is not None:
            self._watched.leave(intent)
        core.statuses.forget(key)
        core.results.forget(key)
        core.worker.forget(key)

    def looks_at_namespaces(self, intent: Intent) -> bool:
        """Tell whether the data of an intent's targets depends on more of a namespace than which.

        That is so where its templates name the namespace.
        """
        if intent.key not in self._namespaced:
            self._namespaced[intent.key] = "namespace" in varies_with(intent.shape)
        return self._namespaced[intent.key]

    def _sync(self, intent: Intent, token: str) -> None:
        core = self._core
        core.readings.refreshing.insist(intent.key)
        near = core.fleet.concerning(intent.key)
        entries = [entry for entry in near if intent.targets.clusters.matches(entry.facts)]
        reachable = [entry for entry in entries if entry.problem is None]
        core.results.sync_began(intent.key, token, [entry.name for entry in reachable])
        for entry in entries:
            if entry.member is not None:
                for spot in entry.member.spots(intent):
                    entry.member.view(intent.targets.kind).memory.doubt(spot)
            entry.lane.add_now(intent.key)
