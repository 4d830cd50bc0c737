# SPDX-License-Identifier: Apache-2.0
"""The two alerts of a users' guide, as printed, in a Prometheus that scrapes the controller."""

from functools import partial
from typing import Any

import pytest
import yaml
from tests.e2e.eso.aws import Account, arn
from tests.e2e.eso.front import Front
from tests.e2e.eso.shop import Shop, printed
from tests.e2e.harness import Running, eventually

from keyfleet.localplane.prometheus import EMPTY, Prometheus

FAILED, NOT_SYNCED = "ExternalSecretSyncFailed", "SecretNotSynced"


def rules(**changed: str) -> dict[str, Any]:
    """Return the file of rules that a Prometheus operator makes of the printed PrometheusRule."""
    spec: dict[str, Any] = printed("alerts")["spec"]
    for group in spec["groups"]:
        for rule in group["rules"]:
            rule.update(changed)
    return spec


def load(prometheus: Prometheus, controller: Running, spec: dict[str, Any]) -> None:
    address = controller.says(r"app\.listening +address=(\S+)")[1]
    scrape = (
        f"scrape_configs: [{{job_name: keyfleet, static_configs: [{{targets: ['{address}']}}]}}]\n"
    )
    prometheus.configure(EMPTY + scrape, {"alerts": yaml.safe_dump(spec)})


def alert(prometheus: Prometheus, name: str, shop: Shop) -> dict[str, Any] | None:
    """Return the alert about this test's manifest."""
    for one in prometheus.alerts():
        labels = one["labels"]
        if (labels["alertname"], labels.get("namespace")) == (name, shop.namespace):
            return one
    return None


def state(prometheus: Prometheus, name: str, shop: Shop) -> str:
    found = alert(prometheus, name, shop)
    return found["state"] if found else ""


def fires(prometheus: Prometheus, name: str, shop: Shop) -> bool:
    return state(prometheus, name, shop) == "firing"


@pytest.fixture
def broken(shop: Shop, ssm: Front, aws: Account) -> Shop:
    """Two manifests of east: one is well, the store of the other does not get at its provider."""
    aws.server.reset()
    ssm.open()
    shop.account("east", arn("external-secrets"))
    jwt = {"jwt": {"serviceAccountRef": {"name": "external-secrets-sa"}}}
    shop.store("east", {"aws": {"service": "ParameterStore", "region": "us-east-1", "auth": jwt}})
    return shop


def test_the_printed_alerts_load_and_fire_when_a_store_breaks(
    broken: Shop, aws: Account, prometheus: Prometheus, controller: Running
) -> None:
    aws.parameter("/db", {"password": "one"})
    broken.want("east", {"password": "/db#password"}, refreshInterval="2s")
    broken.synced("east")
    load(prometheus, controller, rules())
    # As its expression says: seconds since 1970, less a count, are always more than an hour.
    eventually(lambda: state(prometheus, NOT_SYNCED, broken) == "pending")
    assert alert(prometheus, FAILED, broken) is None
    loaded = {rule["name"]: rule for rule in prometheus.rules()}
    assert set(loaded) == {FAILED, NOT_SYNCED}
    assert [(rule["health"], rule.get("lastError", "")) for rule in loaded.values()] == [
        ("ok", ""),
        ("ok", ""),
    ]
    aws.server.pause()
    try:
        eventually(lambda: state(prometheus, FAILED, broken) == "pending")
        # The same rules, without the five and ten minutes that nobody waits for in a test.
        load(prometheus, controller, rules(**{"for": "1s"}))
        for name in (FAILED, NOT_SYNCED):
            eventually(partial(fires, prometheus, name, broken), what=name)
        failed = alert(prometheus, FAILED, broken)
        assert failed is not None
        assert failed["annotations"]["summary"] == "External secret db failed to sync"
        assert failed["labels"]["cluster"] == "east"
    finally:
        aws.server.resume()
    broken.synced("east")
    ready = 'externalsecret_status_condition{condition="Ready",status="True",cluster="east"}'
    mine = f'{ready[:-1]},namespace="{broken.namespace}"}} == 1'
    eventually(lambda: prometheus.query(mine))
