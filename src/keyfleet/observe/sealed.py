# SPDX-License-Identifier: Apache-2.0
"""The metrics that alerts on Sealed Secrets already ask for, with upstream's names and meaning.

As in `observe.upstream`, `cluster` joins the labels, empty for the hub. A failed look is counted
under what its condition says, so it is counted once that is said.
Source: compat/sealed-secrets.md 3.5.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from keyfleet.observe.families import SEALED_CONDITION, SEALED_ERRORS, SEALED_REQUESTS

KIND: Final = "SealedSecret"
_VALUES: Final = {"True": 1.0, "False": -1.0}
_REASONS: Final = {
    "InvalidSpec": "unseal",
    "TemplateError": "unseal",
    "UnsealFailed": "unseal",
    "ClaimedByOlderIntent": "unmanaged",
    "CopiedMarker": "unmanaged",
    "HeldByIntent": "unmanaged",
    "OwnedByAnotherController": "unmanaged",
    "OwnedByAnotherManifest": "unmanaged",
    "OwnedByOtherHub": "unmanaged",
    "OwnedUnverified": "unmanaged",
    "Unmarked": "unmanaged",
}
"""Reason of a condition to upstream's; every other is `update`."""

Subject = tuple[str, str, str]
"""Cluster, namespace and name of a SealedSecret."""


@dataclass(slots=True)
class _Known:
    untold: int = 0
    """Failed looks of which nothing was said yet."""
    condition: str = ""
    status: str = ""
    reason: str = ""


class SealedMetrics(Collector):
    """Remembers what the samples are made of."""

    def __init__(self) -> None:
        self._known: dict[Subject, _Known] = {}
        self._requests: Counter[str] = Counter()
        self._errors: Counter[tuple[str, str, str]] = Counter()

    def worked(self, subject: Subject, *, is_success: bool) -> None:
        """Count one look at a SealedSecret, whether it led to anything or not."""
        known = self._known.setdefault(subject, _Known())
        self._requests[subject[0]] += 1
        if is_success:
            return
        known.untold += 1
        if known.status == "False":
            self._tell(subject, known)

    def said(self, subject: Subject, condition: str, status: str, reason: str) -> None:
        """Note the present status of its condition."""
        known = self._known.setdefault(subject, _Known())
        known.condition, known.status, known.reason = condition, status, reason
        if status == "False":
            self._tell(subject, known)

    def gone(self, subject: Subject) -> None:
        """It was deleted; what was counted stays counted."""
        self._known.pop(subject, None)

    def left(self, cluster: str) -> None:
        """A cluster left the fleet: its series go."""
        for subject in [each for each in self._known if each[0] == cluster]:
            del self._known[subject]
        del self._requests[cluster]
        for key in [each for each in self._errors if each[0] == cluster]:
            del self._errors[key]

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what is told depends on what there is."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family with its samples of now."""
        requests = CounterMetricFamily(
            SEALED_REQUESTS.name.removesuffix("_total"),
            SEALED_REQUESTS.meaning,
            labels=SEALED_REQUESTS.labels,
        )
        for cluster, count in self._requests.items():
            requests.add_metric((cluster,), count)
        errors = CounterMetricFamily(
            SEALED_ERRORS.name.removesuffix("_total"),
            SEALED_ERRORS.meaning,
            labels=SEALED_ERRORS.labels,
        )
        for labels, count in self._errors.items():
            errors.add_metric(labels, count)
        yield from (requests, errors, self._conditions())

    def _conditions(self) -> Metric:
        found = GaugeMetricFamily(
            SEALED_CONDITION.name, SEALED_CONDITION.meaning, labels=SEALED_CONDITION.labels
        )
        for subject, known in self._known.items():
            if known.condition:
                value = _VALUES.get(known.status, 0.0)
                found.add_metric((*subject, known.condition, ""), value)
        return found

    def _tell(self, subject: Subject, known: _Known) -> None:
        count, known.untold = known.untold, 0
        if count:
            cluster, namespace, _ = subject
            self._errors[cluster, namespace, _REASONS.get(known.reason, "update")] += count
