# SPDX-License-Identifier: Apache-2.0
"""What to say on a manifest now: put together for the status keeper."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hubobjects import Document, origin_of
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Busy
from keyfleet.engine.results import Results, Whereabouts
from keyfleet.engine.revisions import Revisions
from keyfleet.engine.statuses import BUSY_S, CONNECTING_S, Answer, Say
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import Resource
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.model.places import IntentKey
from keyfleet.plugin import Dialect, Kind, Role

Others = Callable[[Dialect, Kind, IntentKey], Say | None]
"""What to say on a manifest that is no intent, such as a store; None: nothing yet."""

Progress = Callable[[IntentKey], tuple[str, str]]
"""When what is delivered was read, RFC 3339, and for which version of the manifest; or nothing."""


class Manifests(Protocol):
    """The manifests of all clusters."""

    def dialect_of(self, kind: str) -> tuple[Dialect, Kind] | None:
        """Return who understands a kind."""
        ...

    def manifest(self, key: IntentKey) -> Document | None:
        """Return the manifest of an intent as last seen."""
        ...

    def served(self, key: IntentKey) -> Resource | None:
        """Return its kind in the version that its cluster serves."""
        ...


class Answers:
    """Answers the status keeper from what the engine knows."""

    def __init__(  # noqa: PLR0913 - what one object answers from, all but five by name
        self,
        declared: Manifests,
        fleet: Fleet,
        intents: Intents,
        results: Results,
        revisions: Revisions,
        *,
        busy: Busy,
        others: Others = lambda *_: None,
        is_unjudged: Callable[[IntentKey], bool] = lambda _: False,
        is_silent: Callable[[Intent], bool] = lambda _: False,
        progress: Progress = lambda _: ("", ""),
    ) -> None:
        self._progress = progress
        self._is_silent = is_silent
        self._busy = busy
        self._others = others
        self._is_unjudged = is_unjudged
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
        found = self._declared.dialect_of(key.kind)
        manifest = self._declared.manifest(key)
        said = self._said(key, *found, manifest or {}) if found else None
        if found is None or said is None:
            return None
        report, origin = said
        kind = found[1]
        resource = self._declared.served(key) or kind.resource
        return Answer(report, origin, resource, (manifest or {}).get("status"), kind.has_status)

    def _said(
        self, key: IntentKey, dialect: Dialect, kind: Kind, manifest: Document
    ) -> tuple[Say, Origin] | None:
        if kind.role is Role.INTENT:
            intent, outcome = self._intents.get(key), self._news(key)
            if intent is not None and self._is_silent(intent):
                # Another controller serves it, and says how it stands.
                return None
            origin = intent.origin if intent else None
            origin = outcome.origin if isinstance(outcome, Rejection) else origin
            return (partial(dialect.report, outcome), origin) if outcome and origin else None
        if not manifest:
            return None
        origin = origin_of(dialect, key.kind, metadata_of(manifest), key.cluster)
        say = self._others(dialect, kind, key)
        return (say, origin) if say is not None else None

    def _news(self, key: IntentKey) -> Outcome | Rejection | None:
        """Return what came of an intent, with what nobody was told yet."""
        found = self.outcome(key)
        if not isinstance(found, Outcome):
            return found
        news = self._results.take_news(key)
        return replace(found, written=news.written, skipped=news.skipped, synced=news.synced)

    def outcome(self, key: IntentKey) -> Outcome | Rejection | None:
        """Return what came of an intent; None when it is gone."""
        return self._intents.rejection(key) or self._outcome(key)

    def _outcome(self, key: IntentKey) -> Outcome | None:
        intent = self._intents.get(key)
        if intent is None:
            return None
        revision, source = self._revisions.current(key)
        found = self._results.outcome(
            intent, self._whereabouts(key), revision=revision, source_fingerprint=source
        )
        refreshed_at, version = self._progress(key)
        return replace(found, refreshed_at=refreshed_at, version=version)

    def _whereabouts(self, key: IntentKey) -> list[Whereabouts]:
        return [Whereabouts(one.facts, one.problem) for one in self._fleet.concerning(key)]
