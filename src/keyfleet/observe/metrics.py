# SPDX-License-Identifier: Apache-2.0
"""What Prometheus sees; implements `base.log.Hooks` on a registry of its own.

Label sets are bounded: clusters, kinds, and the words below; never the name of a secret, namespace
or intent, but in the metrics that users' alerts on another tool ask for (`observe.upstream`). All
series of a cluster go when it leaves the fleet, and what is still heard of it then (a request that
was in flight) does not bring them back.
"""

import platform
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from keyfleet import __version__
from keyfleet.base.clock import Clock
from keyfleet.observe import families, sealed
from keyfleet.observe.sealed import SealedMetrics
from keyfleet.observe.upstream import UpstreamMetrics
from keyfleet.observe.watches import Watches

_VERBS: Final = frozenset({"get", "list", "watch", "create", "update", "patch", "delete"})


class Metrics:
    """Count and measure; every method is a hook and takes microseconds."""

    def __init__(self, clock: Clock) -> None:
        # A start time beside every counter would double their number.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry(auto_describe=True)
        self._gone: set[str] = set()
        self._watches = Watches(clock)
        # Finding a series costs ten times as much as counting, and requests are many.
        self._request_series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._queue_series: dict[str, Gauge] = {}
        self._upstream = UpstreamMetrics()
        self._sealed = SealedMetrics()
        registry.register(self._watches)
        registry.register(self._upstream)
        registry.register(self._sealed)
        self._requests = families.REQUESTS.counter(registry)
        self._request_seconds = families.REQUEST_SECONDS.histogram(registry)
        self._steps = families.STEPS.counter(registry)
        self._step_seconds = families.STEP_SECONDS.histogram(registry)
        self._propagation = families.PROPAGATION.histogram(registry)
        self._queue = families.QUEUE.gauge(registry)
        self._leader = families.LEADER.gauge(registry)
        self._held_plans = families.HELD_PLANS.gauge(registry)
        self._held_targets = families.HELD_TARGETS.gauge(registry)
        self._reachable = families.REACHABLE.gauge(registry)
        self._sealing = families.SEALING_REQUESTS.counter(registry)
        self._sealing_seconds = families.SEALING_SECONDS.histogram(registry)
        families.BUILD.gauge(registry).labels(__version__, platform.python_version()).set(1)
        # Registers itself; CPU, memory and open files, where the system tells.
        ProcessCollector(registry=registry)

    def request_finished(self, cluster: str, verb: str, status: int, took_s: float) -> None:
        """Count one API request; `status` is 0 when no answer came."""
        if cluster in self._gone:
            return
        key = (cluster, verb, status)
        series = self._request_series.get(key)
        if series is None:
            series = self._request_series[key] = self._new_request_series(key)
        count, seconds = series
        count.inc()
        # A watch takes as long as it is allowed to.
        if verb != "watch":
            seconds.observe(took_s)

    def _new_request_series(self, key: tuple[str, str, int]) -> tuple[Counter, Histogram]:
        cluster, verb, status = key
        known = verb if verb in _VERBS else "other"
        code = str(status) if 100 <= status <= 599 else "0"
        return self._requests.labels(cluster, known, code), self._request_seconds.labels(known)

    def watch_changed(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        """Note a watch's state: `listing`, `live`, `failed` or `stopped`."""
        if cluster not in self._gone:
            self._watches.change(cluster, resource, state, watch)

    def watch_heard(self, cluster: str, resource: str, watch: str = "") -> None:
        """Note that a watch is alive."""
        self._watches.hear(cluster, resource, watch)

    def step_done(self, cluster: str, verb: str, state: str, took_s: float) -> None:
        """Count one decided and, where needed, written target."""
        if verb != "none":
            self._step_seconds.labels(verb).observe(took_s)
        if cluster not in self._gone:
            self._steps.labels(cluster, verb, state).inc()

    def propagated(self, cluster: str, seconds: float) -> None:
        """Measure how long a change took to its target."""
        if cluster not in self._gone:
            self._propagation.labels(cluster).observe(seconds)

    def queue_depth(self, cluster: str, waiting: int) -> None:
        """Note how many keys wait for a cluster."""
        if cluster not in self._gone:
            series = self._queue_series.get(cluster)
            if series is None:
                series = self._queue_series[cluster] = self._queue.labels(cluster)
            series.set(waiting)

    def leading(self, is_leader: bool) -> None:
        """Note that leadership was won or lost."""
        self._leader.set(is_leader)

    def cluster_reachable(self, cluster: str, is_reachable: bool) -> None:
        """Note whether a cluster answers; a cluster that came back is known again from here."""
        self._gone.discard(cluster)
        self._reachable.labels(cluster).set(is_reachable)

    def cluster_removed(self, cluster: str) -> None:
        """Drop every series of a cluster that left."""
        self._gone.add(cluster)
        self._watches.remove(cluster)
        self._upstream.left(cluster)
        self._sealed.left(cluster)
        self._queue_series.pop(cluster, None)
        for key in [key for key in self._request_series if key[0] == cluster]:
            del self._request_series[key]
        own = (self._requests, self._steps, self._propagation, self._queue, self._reachable)
        for family in (*own, self._sealing):
            family.remove_by_labels({"cluster": cluster})

    def plans_held(self, plans: int, targets: int) -> None:
        """Note how much waits for a person."""
        self._held_plans.set(plans)
        self._held_targets.set(targets)

    def provider_called(self, provider: str, call: str, is_success: bool) -> None:
        """Count a call to a store's provider."""
        self._upstream.provider_called(provider, call, is_success=is_success)

    def manifest_worked(
        self, kind: str, subject: tuple[str, str, str], took_s: float, is_success: bool
    ) -> None:
        """Count a look at a manifest, where upstream's tool counts too."""
        if kind == sealed.KIND:
            self._sealed.worked(subject, is_success=is_success)
        else:
            self._upstream.worked(kind, subject, took_s, is_success=is_success)

    def manifest_said(
        self,
        kind: str,
        subject: tuple[str, str, str],
        condition: str,
        status: str,
        reason: str = "",
    ) -> None:
        """Note a condition of a manifest."""
        if kind == sealed.KIND:
            self._sealed.said(subject, condition, status, reason)
        else:
            self._upstream.said(kind, subject, condition, status)

    def manifest_gone(self, kind: str, subject: tuple[str, str, str]) -> None:
        """Note that a manifest was deleted."""
        self._upstream.gone(kind, subject)
        if kind == sealed.KIND:
            self._sealed.gone(subject)

    def sealing_answered(
        self, path: str, cluster: str, method: str, code: int, took_s: float
    ) -> None:
        """Count an answer of the sealing API; see `engine.sealing.api.serving.Observer`."""
        self._sealing_seconds.labels(path, method).observe(took_s)
        if cluster not in self._gone:
            self._sealing.labels(path, str(code), method, cluster).inc()

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Return the exposition and its content type, OpenMetrics where `accept` asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
