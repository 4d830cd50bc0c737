# SPDX-License-Identifier: Apache-2.0
"""What to say on a manifest now: put together for the status keeper."""

from collections.abc import Callable
from typing import Protocol

from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hub import Hub
from keyfleet.engine.hubobjects import Document
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Busy
from keyfleet.engine.results import Results, Whereabouts
from keyfleet.engine.revisions import Revisions
from keyfleet.engine.statuses import BUSY_S, CONNECTING_S, Answer
from keyfleet.kube.resources import Resource
from keyfleet.model.intent import Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.model.places import IntentKey


class Manifests(Protocol):
    """The manifests of all clusters."""

    def manifest(self, key: IntentKey) -> Document | None:
        """Return the manifest of an intent as last seen."""
        ...

    def served(self, key: IntentKey) -> Resource | None:
        """Return its kind in the version that its cluster serves."""
        ...


class Answers:
    """Answers the status keeper from what the engine knows."""

    def __init__(
        self,
        hub: Hub,
        declared: Manifests,
        fleet: Fleet,
        intents: Intents,
        results: Results,
        revisions: Revisions,
        *,
        busy: Busy,
        is_unjudged: Callable[[IntentKey], bool] = lambda _: False,
    ) -> None:
        self._busy = busy
        self._is_unjudged = is_unjudged
        self._hub = hub
        self._declared = declared
        self._fleet = fleet
        self._intents = intents
        self._results = results
        self._revisions = revisions

    def patience_s(self, key: IntentKey) -> float:
        """Return how long the status may wait for what is on its way; 0 when nothing is."""
        intent = self._intents.get(key)
        if intent is not None and not self._fleet.is_known:
            # Before the inventory is heard every cluster looks missing.
            return CONNECTING_S
        if intent is not None and self._results.awaits(intent, self._whereabouts(key)):
            return CONNECTING_S
        is_anywhere = intent is not None and not key.cluster
        if is_anywhere and self._is_connecting() and not self._is_placed(key):
            # It may have left something in a cluster that it does not select.
            return CONNECTING_S
        if intent is not None and self._is_unjudged(key):
            # What was held before the start mostly still is.
            return CONNECTING_S
        return BUSY_S if key in self._busy else 0.0

    def _is_connecting(self) -> bool:
        problems = [entry.problem for entry in self._fleet if entry.problem is not None]
        return any(problem.reason == "Connecting" for problem in problems)

    def _is_placed(self, key: IntentKey) -> bool:
        outcome = self._outcome(key)
        return outcome is not None and bool(outcome.clusters)

    def answer(self, key: IntentKey) -> Answer | None:
        """Return what to say on the manifest; None when it is gone."""
        outcome = self._intents.rejection(key) or self._outcome(key)
        found = self._hub.dialect_of(key.kind)
        if outcome is None or found is None:
            return None
        dialect, kind = found
        manifest = self._declared.manifest(key)
        intent = self._intents.get(key)
        origin = outcome.origin if isinstance(outcome, Rejection) else None
        origin = origin or (intent.origin if intent else None)
        if origin is None:
            return None
        return Answer(
            outcome,
            origin,
            dialect,
            self._declared.served(key) or kind.resource,
            (manifest or {}).get("status"),
            kind.has_status,
        )

    def _outcome(self, key: IntentKey) -> Outcome | None:
        intent = self._intents.get(key)
        if intent is None:
            return None
        revision, source = self._revisions.current(key)
        return self._results.outcome(
            intent, self._whereabouts(key), revision=revision, source_fingerprint=source
        )

    def _whereabouts(self, key: IntentKey) -> list[Whereabouts]:
        return [Whereabouts(one.facts, one.problem) for one in self._fleet.concerning(key)]
