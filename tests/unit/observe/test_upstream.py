# SPDX-License-Identifier: Apache-2.0
"""Upstream's metrics by their exact names: alerts ask for nothing else."""

from prometheus_client.parser import text_string_to_metric_families

from keyfleet.observe.metrics import Metrics
from keyfleet.observe.upstream import DELETED_MAX
from keyfleet.testing.clock import FakeClock

DB = ("east", "shop", "db")
LABELS = {"cluster": "east", "namespace": "shop", "name": "db"}


def value(metrics: Metrics, name: str, **more: str) -> float | None:
    return metrics.registry.get_sample_value(name, {**LABELS, **more})


def told() -> Metrics:
    metrics = Metrics(FakeClock())
    metrics.manifest_worked("ExternalSecret", DB, 0.5, is_success=True)
    metrics.manifest_worked("ExternalSecret", DB, 0.25, is_success=False)
    metrics.manifest_said("ExternalSecret", DB, "Ready", "False")
    return metrics


def test_counts_looks_and_failures_by_manifest() -> None:
    metrics = told()
    assert value(metrics, "externalsecret_sync_calls_total") == 2
    assert value(metrics, "externalsecret_sync_calls_error") == 1
    assert value(metrics, "externalsecret_reconcile_duration") == 0.25e9


def test_a_condition_is_one_and_its_opposite_zero() -> None:
    metrics = told()
    name = "externalsecret_status_condition"
    assert value(metrics, name, condition="Ready", status="False") == 1
    assert value(metrics, name, condition="Ready", status="True") == 0
    metrics.manifest_said("ExternalSecret", DB, "Ready", "True")
    assert value(metrics, name, condition="Ready", status="False") == 0


def test_a_manifest_that_is_gone_is_told_as_deleted_until_it_comes_again() -> None:
    metrics = told()
    metrics.manifest_gone("ExternalSecret", DB)
    name = "externalsecret_status_condition"
    assert value(metrics, name, condition="Ready", status="False") is None
    assert value(metrics, name, condition="Deleted", status="False") == 1
    assert value(metrics, "externalsecret_sync_calls_total") is None
    metrics.manifest_said("ExternalSecret", DB, "Ready", "True")
    assert value(metrics, name, condition="Deleted", status="False") is None


def test_what_is_gone_is_not_remembered_without_end() -> None:
    metrics = Metrics(FakeClock())
    for number in range(DELETED_MAX + 5):
        subject = ("east", "shop", f"n{number}")
        metrics.manifest_worked("ExternalSecret", subject, 0.1, is_success=True)
        metrics.manifest_gone("ExternalSecret", subject)
    page = metrics.render()[0].decode()
    assert page.count('condition="Deleted"') == DELETED_MAX


def test_stores_have_their_own_families_and_other_kinds_none() -> None:
    metrics = Metrics(FakeClock())
    metrics.manifest_said("SecretStore", DB, "Ready", "True")
    metrics.manifest_said("ClusterSecretStore", ("", "", "aws"), "Ready", "True")
    metrics.manifest_worked("FleetSecret", DB, 1.0, is_success=True)
    name = "secretstore_status_condition"
    assert value(metrics, name, condition="Ready", status="True") == 1
    assert value(metrics, "secretstore_reconcile_duration") is None
    metrics.manifest_worked("SecretStore", DB, 0.25, is_success=True)
    assert value(metrics, "secretstore_reconcile_duration") == 0.25e9
    labels = {"cluster": "", "namespace": "", "name": "aws", "condition": "Ready"}
    found = metrics.registry.get_sample_value(
        "clustersecretstore_status_condition", {**labels, "status": "True"}
    )
    assert found == 1
    assert value(metrics, "externalsecret_sync_calls_total") is None


def test_provider_calls_are_counted_by_outcome() -> None:
    metrics = Metrics(FakeClock())
    for is_success in (True, True, False):
        metrics.provider_called("AWS/SecretsManager", "GetSecretValue", is_success)
    labels = {"provider": "AWS/SecretsManager", "call": "GetSecretValue"}
    name = "externalsecret_provider_api_calls_count"
    counts = [
        metrics.registry.get_sample_value(name, {**labels, "status": status})
        for status in ("success", "error")
    ]
    assert counts == [2, 1]


def test_a_cluster_that_leaves_takes_its_series_along() -> None:
    metrics = told()
    metrics.manifest_worked("ExternalSecret", ("east", "shop", "old"), 0.1, is_success=True)
    metrics.manifest_gone("ExternalSecret", ("east", "shop", "old"))
    metrics.manifest_worked("ExternalSecret", ("", "shop", "db"), 0.1, is_success=True)
    metrics.cluster_removed("east")
    page = metrics.render()[0].decode()
    assert 'cluster="east"' not in page
    assert 'externalsecret_sync_calls_total{cluster="",' in page


def test_the_page_can_be_read_in_both_formats() -> None:
    metrics = told()
    families = {family.name for family in text_string_to_metric_families(_text(metrics))}
    assert {"externalsecret_sync_calls", "externalsecret_sync_calls_error"} <= families
    page = metrics.render("application/openmetrics-text")[0].decode()
    assert "externalsecret_sync_calls_error{" in page


def _text(metrics: Metrics) -> str:
    return metrics.render()[0].decode()
