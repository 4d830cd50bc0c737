# SPDX-License-Identifier: Apache-2.0
import pytest
from prometheus_client.parser import text_string_to_metric_families

from keyfleet import __version__
from keyfleet.observe.families import FAMILIES
from keyfleet.observe.metrics import Metrics
from keyfleet.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def metrics(clock: FakeClock) -> Metrics:
    return Metrics(clock)


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


PREFIXES = ("keyfleet_", "externalsecret_", "sealed_secrets_controller_")


def _tell_everything(hooks: Metrics, cluster: str) -> None:
    hooks.cluster_reachable(cluster, True)
    hooks.request_finished(cluster, "patch", 200, 0.02)
    hooks.watch_changed(cluster, "secrets", "live")
    hooks.watch_heard(cluster, "secrets")
    hooks.step_done(cluster, "create", "InSync", 0.03)
    hooks.propagated(cluster, 0.2)
    hooks.queue_depth(cluster, 4)
    hooks.provider_called("Fake", "GetSecret", True)
    subject = (cluster, "shop", "db")
    hooks.manifest_worked("ExternalSecret", subject, 0.1, True)
    hooks.manifest_said("ExternalSecret", subject, "Ready", "True")
    hooks.manifest_worked("SealedSecret", subject, 0.1, False)
    hooks.manifest_said("SealedSecret", subject, "Synced", "False", "UnsealFailed")
    hooks.sealing_answered("/v1/verify", cluster, "POST", 409, 0.02)


def test_counts_requests_by_verb_and_status(metrics: Metrics) -> None:
    for status in (200, 200, 409, 0):
        metrics.request_finished("east", "patch", status, 0.01)
    name = "keyfleet_kube_requests_total"
    assert [
        _value(metrics, name, cluster="east", verb="patch", code=code)
        for code in ("200", "409", "0")
    ] == [2, 1, 1]
    assert _value(metrics, "keyfleet_kube_request_seconds_count", verb="patch") == 4


def test_a_watch_does_not_count_as_a_slow_request(metrics: Metrics) -> None:
    metrics.request_finished("east", "watch", 200, 300)
    assert _value(metrics, "keyfleet_kube_request_seconds_count", verb="watch") == 0
    labels = {"cluster": "east", "verb": "watch", "code": "200"}
    assert _value(metrics, "keyfleet_kube_requests_total", **labels) == 1


@pytest.mark.parametrize(("verb", "status"), [("kf-canary-verb", 200), ("get", 31337)])
def test_labels_stay_bounded_whatever_is_told(metrics: Metrics, verb: str, status: int) -> None:
    metrics.request_finished("east", verb, status, 0.01)
    page = metrics.render()[0].decode()
    assert "kf-canary" not in page
    assert "31337" not in page


def test_measures_propagation_per_cluster(metrics: Metrics) -> None:
    metrics.propagated("east", 0.2)
    metrics.propagated("east", 0.4)
    name = "keyfleet_delivery_propagation_seconds"
    assert _value(metrics, f"{name}_count", cluster="east") == 2
    assert _value(metrics, f"{name}_sum", cluster="east") == pytest.approx(0.6)


def test_only_a_step_that_writes_is_timed(metrics: Metrics) -> None:
    metrics.step_done("east", "none", "Conflict", 0.0)
    metrics.step_done("east", "update", "InSync", 0.1)
    labels = {"cluster": "east", "verb": "none", "state": "Conflict"}
    assert _value(metrics, "keyfleet_delivery_steps_total", **labels) == 1
    assert _value(metrics, "keyfleet_delivery_step_seconds_count", verb="none") is None
    assert _value(metrics, "keyfleet_delivery_step_seconds_count", verb="update") == 1


def test_a_standby_says_so_from_the_start(metrics: Metrics) -> None:
    assert _value(metrics, "keyfleet_leader") == 0
    metrics.leading(True)
    assert _value(metrics, "keyfleet_leader") == 1


def test_tells_the_version(metrics: Metrics) -> None:
    assert f'version="{__version__}"' in metrics.render()[0].decode()


def test_every_series_of_a_cluster_goes_with_it(metrics: Metrics) -> None:
    _tell_everything(metrics, "east")
    _tell_everything(metrics, "west")
    metrics.cluster_removed("east")
    page = metrics.render()[0].decode()
    assert 'cluster="east"' not in page
    assert page.count('cluster="west"') > 5


def test_what_is_heard_late_of_a_removed_cluster_brings_nothing_back(metrics: Metrics) -> None:
    _tell_everything(metrics, "east")
    metrics.cluster_removed("east")
    metrics.request_finished("east", "get", 200, 0.01)
    metrics.watch_changed("east", "secrets", "stopped")
    metrics.watch_heard("east", "secrets")
    metrics.step_done("east", "create", "InSync", 0.01)
    metrics.queue_depth("east", 1)
    metrics.propagated("east", 1)
    metrics.sealing_answered("/v1/verify", "east", "POST", 409, 0.02)
    assert 'cluster="east"' not in metrics.render()[0].decode()


@pytest.mark.parametrize("is_reachable", [True, False])
def test_a_cluster_that_comes_back_is_seen_again(metrics: Metrics, is_reachable: bool) -> None:
    _tell_everything(metrics, "east")
    metrics.cluster_removed("east")
    metrics.cluster_reachable("east", is_reachable)
    metrics.request_finished("east", "get", 200, 0.01)
    name = "keyfleet_inventory_cluster_reachable"
    assert _value(metrics, name, cluster="east") == is_reachable
    labels = {"cluster": "east", "verb": "get", "code": "200"}
    assert _value(metrics, "keyfleet_kube_requests_total", **labels) == 1


def test_exposes_exactly_the_documented_families_and_labels(metrics: Metrics) -> None:
    _tell_everything(metrics, "east")
    page = metrics.render()[0].decode()
    found = {
        family.name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in text_string_to_metric_families(page)
        if family.samples and family.name.startswith(PREFIXES)
    }
    assert found == {family.name.removesuffix("_total"): set(family.labels) for family in FAMILIES}


def test_answers_in_openmetrics_where_asked(metrics: Metrics) -> None:
    body, content_type = metrics.render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert metrics.render()[1].startswith("text/plain")
