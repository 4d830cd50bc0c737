# SPDX-License-Identifier: Apache-2.0
"""The one way to a logger, and the hook by which stages are observed."""

from typing import Any, Protocol

import structlog


def get_logger(stage: str) -> Any:
    """Return a structured logger whose events carry `stage`.

    Events are constant text `<stage>.<past tense>` with keys; values never go in.
    """
    return structlog.get_logger(stage=stage)


class Hooks(Protocol):
    """What the engine and `kube` tell whoever observes; `app` wires metrics to it."""

    def request_finished(self, cluster: str, verb: str, status: int, took_s: float) -> None:
        """One API request ended; `status` is 0 when no answer came."""
        ...

    def watch_changed(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        """A watch went `listing`, `live`, `failed` or `stopped`.

        `watch` tells the watches of one kind in one cluster apart: what it is for, and after a
        colon which of those it is.
        """
        ...

    def watch_heard(self, cluster: str, resource: str, watch: str = "") -> None:
        """A watch got an event or a bookmark: it is alive."""
        ...

    def step_done(self, cluster: str, verb: str, state: str, took_s: float) -> None:
        """One target was decided and, where needed, written."""
        ...

    def propagated(self, cluster: str, seconds: float) -> None:
        """A change reached its target this long after Keyfleet could have seen it."""
        ...

    def queue_depth(self, cluster: str, waiting: int) -> None:
        """Keys now waiting for one cluster."""
        ...

    def leading(self, is_leader: bool) -> None:
        """Leadership was won or lost."""
        ...

    def cluster_reachable(self, cluster: str, is_reachable: bool) -> None:
        """A cluster's circuit opened or closed."""
        ...

    def cluster_removed(self, cluster: str) -> None:
        """A cluster left the fleet: its series go."""
        ...

    def plans_held(self, plans: int, targets: int) -> None:
        """So many held plans wait for a person, with so many targets in all."""
        ...

    def provider_called(self, provider: str, call: str, is_success: bool) -> None:
        """A store's provider was asked; provider and call are named as upstream's metrics do."""
        ...

    def manifest_worked(
        self, kind: str, subject: tuple[str, str, str], took_s: float, is_success: bool
    ) -> None:
        """A manifest was looked at; `subject` is its cluster (empty: the hub), namespace, name."""
        ...

    def manifest_said(
        self,
        kind: str,
        subject: tuple[str, str, str],
        condition: str,
        status: str,
        reason: str = "",
    ) -> None:
        """A condition was written on a manifest, or is as it was."""
        ...

    def manifest_gone(self, kind: str, subject: tuple[str, str, str]) -> None:
        """A manifest was deleted."""
        ...


class NoHooks:
    """Observe nothing; the default of tests and one-shot commands."""

    def request_finished(self, cluster: str, verb: str, status: int, took_s: float) -> None:
        """Ignore."""

    def watch_changed(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        """Ignore."""

    def watch_heard(self, cluster: str, resource: str, watch: str = "") -> None:
        """Ignore."""

    def step_done(self, cluster: str, verb: str, state: str, took_s: float) -> None:
        """Ignore."""

    def propagated(self, cluster: str, seconds: float) -> None:
        """Ignore."""

    def queue_depth(self, cluster: str, waiting: int) -> None:
        """Ignore."""

    def leading(self, is_leader: bool) -> None:
        """Ignore."""

    def cluster_reachable(self, cluster: str, is_reachable: bool) -> None:
        """Ignore."""

    def cluster_removed(self, cluster: str) -> None:
        """Ignore."""

    def plans_held(self, plans: int, targets: int) -> None:
        """Ignore."""

    def provider_called(self, provider: str, call: str, is_success: bool) -> None:
        """Ignore."""

    def manifest_worked(
        self, kind: str, subject: tuple[str, str, str], took_s: float, is_success: bool
    ) -> None:
        """Ignore."""

    def manifest_said(
        self,
        kind: str,
        subject: tuple[str, str, str],
        condition: str,
        status: str,
        reason: str = "",
    ) -> None:
        """Ignore."""

    def manifest_gone(self, kind: str, subject: tuple[str, str, str]) -> None:
        """Ignore."""
