# SPDX-License-Identifier: Apache-2.0
"""Every metric family of Keyfleet: its name, its meaning, its labels; the reference page is this.

Names are `keyfleet_<stage>_<thing>_<unit>`. Labels take few values: clusters, kinds, HTTP codes and
the words in `model.plan`.
"""

from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

_FAST_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SLOW_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
_UPSTREAM_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Those of Go's client, where alerts on another tool know them."""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family, before it has a registry."""

    kind: str
    """`counter`, `gauge` or `histogram`."""
    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, in seconds."""

    def counter(self, registry: CollectorRegistry) -> Counter:
        """Return it as a counter."""
        return Counter(self.name, self.meaning, self.labels, registry=registry)

    def gauge(self, registry: CollectorRegistry) -> Gauge:
        """Return it as a gauge."""
        return Gauge(self.name, self.meaning, self.labels, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """Return it as a histogram."""
        return Histogram(
            self.name, self.meaning, self.labels, buckets=self.buckets, registry=registry
        )

    def samples(self) -> GaugeMetricFamily:
        """Return it as a gauge whose samples are made when somebody asks."""
        return GaugeMetricFamily(self.name, self.meaning, labels=self.labels)


BUILD: Final = Family(
    "gauge", "keyfleet_build_info", "Always 1; which version runs.", ("version", "python")
)
LEADER: Final = Family("gauge", "keyfleet_leader", "1 on the replica that writes, 0 on a standby.")
REACHABLE: Final = Family(
    "gauge",
    "keyfleet_inventory_cluster_reachable",
    "1 while a cluster answers, 0 while its circuit is open.",
    ("cluster",),
)
QUEUE: Final = Family(
    "gauge",
    "keyfleet_engine_queue_depth",
    "Intents that wait for their turn in a cluster.",
    ("cluster",),
)
REQUESTS: Final = Family(
    "counter",
    "keyfleet_kube_requests_total",
    "API requests that ended, by HTTP status; 0 when no answer came.",
    ("cluster", "verb", "code"),
)
REQUEST_SECONDS: Final = Family(
    "histogram",
    "keyfleet_kube_request_seconds",
    "Time API requests took, watches excepted.",
    ("verb",),
    _FAST_S,
)
WATCH_STATE: Final = Family(
    "gauge",
    "keyfleet_kube_watch_state",
    "1 for the state a watch is in: listing, live or failed; of several alike the worst.",
    ("cluster", "resource", "purpose", "state"),
)
WATCH_AGE: Final = Family(
    "gauge",
    "keyfleet_kube_watch_heard_age_seconds",
    "Time since a watch got an event or a bookmark; of several alike the longest.",
    ("cluster", "resource", "purpose"),
)
STEPS: Final = Family(
    "counter",
    "keyfleet_delivery_steps_total",
    "Decisions about one target, by what was done and the state it left.",
    ("cluster", "verb", "state"),
)
STEP_SECONDS: Final = Family(
    "histogram",
    "keyfleet_delivery_step_seconds",
    "Time the write of one target took.",
    ("verb",),
    _FAST_S,
)
PROPAGATION: Final = Family(
    "histogram",
    "keyfleet_delivery_propagation_seconds",
    "Time from a change being seen to its target being written.",
    ("cluster",),
    _SLOW_S,
)
HELD_PLANS: Final = Family(
    "gauge",
    "keyfleet_engine_held_plans",
    "Deletions that wait for `keyfleet approve`, by plans.",
    (),
)
HELD_TARGETS: Final = Family(
    "gauge",
    "keyfleet_engine_held_targets",
    "Targets that wait for `keyfleet approve`, in all held plans.",
    (),
)

_MANIFEST: Final = ("cluster", "namespace", "name")
UPSTREAM_SYNCS: Final = Family(
    "counter",
    "externalsecret_sync_calls_total",
    "Looks at an ExternalSecret, whether they led to anything or not.",
    _MANIFEST,
)
UPSTREAM_ERRORS: Final = Family(
    "counter",
    "externalsecret_sync_calls_error",
    "Looks at an ExternalSecret after which it was not as its manifest asks.",
    _MANIFEST,
)
UPSTREAM_CONDITION: Final = Family(
    "gauge",
    "externalsecret_status_condition",
    "1 for the status that a condition has; also secretstore_, clustersecretstore_ and"
    " clusterexternalsecret_status_condition.",
    (*_MANIFEST, "condition", "status"),
)
UPSTREAM_DURATION: Final = Family(
    "gauge",
    "externalsecret_reconcile_duration",
    "Nanoseconds that the last look took; also secretstore_, clustersecretstore_ and"
    " clusterexternalsecret_reconcile_duration.",
    _MANIFEST,
)
UPSTREAM_PROVIDER: Final = Family(
    "counter",
    "externalsecret_provider_api_calls_count",
    "Calls to providers of stores, as one fetch serves the fleet.",
    ("provider", "call", "status"),
)

SEALED_REQUESTS: Final = Family(
    "counter",
    "sealed_secrets_controller_unseal_requests_total",
    "Looks at SealedSecrets, whether they led to anything or not.",
    ("cluster",),
)
SEALED_ERRORS: Final = Family(
    "counter",
    "sealed_secrets_controller_unseal_errors_total",
    "Looks at a SealedSecret after which it was not as it asks: `unseal`, `unmanaged`, `update`.",
    ("cluster", "namespace", "reason"),
)
SEALED_CONDITION: Final = Family(
    "gauge",
    "sealed_secrets_controller_condition_info",
    "1 where the condition is True, -1 where it is False; the last label is always empty.",
    (*_MANIFEST, "condition", "ss_app_kubernetes_io_instance"),
)
SEALING_REQUESTS: Final = Family(
    "counter",
    "sealed_secrets_controller_http_requests_total",
    "Answers of the sealing API, by path below the cluster's; the hub and unknown ones are empty.",
    ("path", "code", "method", "cluster"),
)
SEALING_SECONDS: Final = Family(
    "histogram",
    "sealed_secrets_controller_http_request_duration_seconds",
    "Time that answers of the sealing API took.",
    ("path", "method"),
    _UPSTREAM_S,
)

FAMILIES: Final = (
    *(BUILD, LEADER, REACHABLE, QUEUE, REQUESTS, REQUEST_SECONDS, WATCH_STATE, WATCH_AGE),
    *(STEPS, STEP_SECONDS, PROPAGATION, HELD_PLANS, HELD_TARGETS),
    *(UPSTREAM_SYNCS, UPSTREAM_ERRORS, UPSTREAM_CONDITION, UPSTREAM_DURATION, UPSTREAM_PROVIDER),
    *(SEALED_REQUESTS, SEALED_ERRORS, SEALED_CONDITION, SEALING_REQUESTS, SEALING_SECONDS),
)
"""All of them, in the order of the reference page."""
