# SPDX-License-Identifier: Apache-2.0
"""The metrics that alerts on External Secrets already ask for, with upstream's names and meaning.

One Keyfleet serves many clusters, so `cluster` joins the labels, empty for the hub. These are the
only series that name manifests: people's alerts do too. Some names are no counter's or gauge's in
the eyes of the client library, so the samples are made when somebody asks.
Source: docs/compat/eso.md, "Metrics".
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from keyfleet.observe.families import (
    UPSTREAM_CONDITION,
    UPSTREAM_DURATION,
    UPSTREAM_ERRORS,
    UPSTREAM_PROVIDER,
    UPSTREAM_SYNCS,
    Family,
)

PREFIXES: Final = {
    "ExternalSecret": "externalsecret",
    "SecretStore": "secretstore",
    "ClusterSecretStore": "clustersecretstore",
    "ClusterExternalSecret": "clusterexternalsecret",
}
DELETED_MAX: Final = 1000
"""Manifests that are gone and still told of, as upstream does for ever."""

Subject = tuple[str, str, str]
"""Cluster, namespace and name of a manifest."""


@dataclass(slots=True)
class _Known:
    calls: int = 0
    errors: int = 0
    duration_ns: float = 0.0
    conditions: dict[str, str] = field(default_factory=dict)
    """Condition to its status: `True` or `False`."""


class UpstreamMetrics(Collector):
    """Remembers what the samples are made of."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Subject, _Known]] = {kind: {} for kind in PREFIXES}
        self._deleted: deque[Subject] = deque(maxlen=DELETED_MAX)
        self._provider: dict[tuple[str, str, str], int] = {}

    def worked(self, kind: str, subject: Subject, took_s: float, *, is_success: bool) -> None:
        """Count one look at a manifest, whether it led to anything or not."""
        if (known := self._of(kind, subject)) is not None:
            known.calls += 1
            known.errors += not is_success
            known.duration_ns = took_s * 1e9

    def said(self, kind: str, subject: Subject, condition: str, status: str) -> None:
        """Note the present status of a condition."""
        if (known := self._of(kind, subject)) is not None:
            known.conditions[condition] = status

    def gone(self, kind: str, subject: Subject) -> None:
        """A manifest was deleted."""
        known = self._known.get(kind, {}).pop(subject, None)
        if known is not None and kind == "ExternalSecret":
            self._deleted.append(subject)

    def left(self, cluster: str) -> None:
        """A cluster left the fleet: what is known of its manifests goes."""
        for subjects in self._known.values():
            for subject in [each for each in subjects if each[0] == cluster]:
                del subjects[subject]
        remaining = [subject for subject in self._deleted if subject[0] != cluster]
        self._deleted = deque(remaining, maxlen=DELETED_MAX)

    def provider_called(self, provider: str, call: str, *, is_success: bool) -> None:
        """Count one call to a store's provider."""
        key = (provider, call, "success" if is_success else "error")
        self._provider[key] = self._provider.get(key, 0) + 1

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what is told depends on what there is."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family with its samples of now."""
        yield self._syncs()
        yield self._errors()
        yield self._provider_calls()
        for kind, prefix in PREFIXES.items():
            yield self._durations(kind, prefix)
            yield self._conditions(kind, prefix)

    def _of(self, kind: str, subject: Subject) -> _Known | None:
        subjects = self._known.get(kind)
        if subjects is None:
            return None
        if subject not in subjects:
            subjects[subject] = _Known()
            if subject in self._deleted:
                self._deleted.remove(subject)
        return subjects[subject]

    def _syncs(self) -> Metric:
        name = UPSTREAM_SYNCS.name.removesuffix("_total")
        found = CounterMetricFamily(name, UPSTREAM_SYNCS.meaning, labels=UPSTREAM_SYNCS.labels)
        for subject, known in self._known["ExternalSecret"].items():
            found.add_metric(subject, known.calls)
        return found

    def _errors(self) -> Metric:
        found = _untyped(UPSTREAM_ERRORS)
        for subject, known in self._known["ExternalSecret"].items():
            _add(found, UPSTREAM_ERRORS, subject, known.errors)
        return found

    def _provider_calls(self) -> Metric:
        found = _untyped(UPSTREAM_PROVIDER)
        for labels, count in self._provider.items():
            _add(found, UPSTREAM_PROVIDER, labels, count)
        return found

    def _durations(self, kind: str, prefix: str) -> Metric:
        found = _untyped(UPSTREAM_DURATION, prefix)
        for subject, known in self._known[kind].items():
            if known.calls:
                _add(found, UPSTREAM_DURATION, subject, known.duration_ns)
        return found

    def _conditions(self, kind: str, prefix: str) -> Metric:
        found = _untyped(UPSTREAM_CONDITION, prefix)
        for subject, known in self._known[kind].items():
            for condition, status in known.conditions.items():
                for word in ("True", "False"):
                    labels = (*subject, condition, word)
                    _add(found, UPSTREAM_CONDITION, labels, float(word == status))
        for subject in self._deleted if kind == "ExternalSecret" else ():
            _add(found, UPSTREAM_CONDITION, (*subject, "Deleted", "False"), 1.0)
        return found


def _untyped(family: Family, prefix: str = "externalsecret") -> Metric:
    name = family.name.replace("externalsecret", prefix, 1)
    return Metric(name, family.meaning, "unknown" if family.kind == "counter" else "gauge")


def _add(found: Metric, family: Family, labels: tuple[str, ...], value: float) -> None:
    found.add_sample(found.name, dict(zip(family.labels, labels, strict=True)), value)
