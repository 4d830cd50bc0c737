# SPDX-License-Identifier: Apache-2.0
"""The series that alerts on Sealed Secrets look at."""

from prometheus_client import generate_latest

from keyfleet.base.clock import SystemClock
from keyfleet.observe.metrics import Metrics

DB = ("east", "shop", "db")
PREFIX = "sealed_secrets_controller_"


def series(metrics: Metrics) -> dict[str, str]:
    """Return what Prometheus sees, by name and labels."""
    lines = generate_latest(metrics.registry).decode().splitlines()
    found = (line.rpartition(" ") for line in lines if line.startswith(PREFIX))
    return {name.removeprefix(PREFIX): value for name, _, value in found}


def worked(metrics: Metrics, *, is_success: bool) -> None:
    metrics.manifest_worked("SealedSecret", DB, 0.1, is_success)


def said(metrics: Metrics, status: str, reason: str) -> None:
    metrics.manifest_said("SealedSecret", DB, "Synced", status, reason)


def errors(reason: str) -> str:
    return f'unseal_errors_total{{cluster="east",namespace="shop",reason="{reason}"}}'


CONDITION = (
    'condition_info{cluster="east",condition="Synced",name="db",namespace="shop",'
    'ss_app_kubernetes_io_instance=""}'
)
REQUESTS = 'unseal_requests_total{cluster="east"}'


def test_what_works_is_counted_and_its_condition_is_one() -> None:
    metrics = Metrics(SystemClock())
    worked(metrics, is_success=True)
    said(metrics, "True", "Unsealed")
    assert series(metrics) == {REQUESTS: "1.0", CONDITION: "1.0"}


def test_a_failure_is_counted_under_what_is_said_of_it() -> None:
    metrics = Metrics(SystemClock())
    worked(metrics, is_success=False)
    assert series(metrics) == {REQUESTS: "1.0"}
    said(metrics, "False", "UnsealFailed")
    said(metrics, "False", "UnsealFailed")
    worked(metrics, is_success=False)
    said(metrics, "False", "Unmarked")
    worked(metrics, is_success=False)
    said(metrics, "False", "Immutable")
    worked(metrics, is_success=False)
    assert series(metrics) == {
        REQUESTS: "4.0",
        CONDITION: "-1.0",
        errors("unseal"): "2.0",
        errors("unmanaged"): "1.0",
        errors("update"): "1.0",
    }


def test_what_is_deleted_and_who_leaves_is_told_of_no_more() -> None:
    metrics = Metrics(SystemClock())
    worked(metrics, is_success=False)
    said(metrics, "False", "UnsealFailed")
    metrics.manifest_gone("SealedSecret", DB)
    assert series(metrics) == {REQUESTS: "1.0", errors("unseal"): "1.0"}
    said(metrics, "True", "Unsealed")
    metrics.cluster_removed("east")
    assert series(metrics) == {}
