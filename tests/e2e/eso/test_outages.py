# SPDX-License-Identifier: Apache-2.0
"""Providers that go away, come back, or ask for fewer requests."""

import json
from collections.abc import Mapping
from time import monotonic
from typing import Any

import pytest
from tests.e2e.eso.aws import Account, arn
from tests.e2e.eso.front import Asked, Front, Refusal, let_through
from tests.e2e.eso.shop import Shop
from tests.e2e.harness import eventually

from keyfleet.kube.resources import SECRETSTORES

JWT = {"jwt": {"serviceAccountRef": {"name": "external-secrets-sa"}}}
FAKE = {"fake": {"data": [{"key": "db", "value": "kf-canary-one"}]}}


def store(service: str) -> dict[str, Any]:
    return {"aws": {"service": service, "region": "us-east-1", "auth": JWT}}


@pytest.fixture
def account(shop: Shop, aws: Account, ssm: Front) -> Account:
    """An empty account, whose role every member's store may assume."""
    aws.server.reset()
    ssm.open()
    for cluster in ("east", "west"):
        shop.account(cluster, arn("external-secrets"))
    return aws


def test_an_outage_leaves_what_was_delivered_says_why_and_holds_up_nobody_else(
    shop: Shop, account: Account
) -> None:
    """The provider's server is really stopped; it comes back with another value."""
    account.secret("db", {"password": "one"})
    for cluster in ("east", "west"):
        shop.store(cluster, store("SecretsManager"))
        shop.want(cluster, {"password": "db#password"}, refreshInterval="2s")
    shop.delivered({"password": "one"}, "east", "west")
    account.server.kill()
    try:
        for cluster in ("east", "west"):
            told = shop.says(cluster, "False", "SecretSyncedError", "does not answer")
            assert "spec.data[0] (key: db)" in told
            assert account.server.url in told
            assert "what was synced at " in told
            assert shop.objects.read(cluster, "db") == {"password": "one"}
        failed = ("Warning", "UpdateFailed")
        eventually(lambda: failed in [one[:2] for one in shop.events("east")])
        # Another store of the same namespace goes on.
        put_other(shop, "east")
        shop.delivered({"password": "one"}, "east", name="other")
    finally:
        account.server.restart()
    account.secret("db", {"password": "two"})
    shop.delivered({"password": "two"}, "east", "west")
    for cluster in ("east", "west"):
        shop.synced(cluster)


def put_other(shop: Shop, cluster: str) -> None:
    shop.store(cluster, FAKE, "other")
    shop.want(cluster, {"password": "db"}, "other", secretStoreRef={"name": "other"})


def test_a_provider_that_is_back_heals_without_waiting_for_the_refresh(
    shop: Shop, account: Account
) -> None:
    """The manifest came while the provider was away, and would be asked for once an hour."""
    account.server.kill()
    try:
        shop.store("east", store("SecretsManager"))
        shop.want("east", {"password": "db#password"}, refreshInterval="1h")
        shop.says("east", "False", "InvalidProviderConfig", name="store", kind=SECRETSTORES)
        told = shop.says("east", "False", "SecretSyncedError", 'SecretStore "store" is not ready')
        assert account.server.url in told
    finally:
        account.server.restart()
    account.secret("db", {"password": "one"})
    shop.delivered({"password": "one"}, "east")
    shop.says("east", "True", "Valid", name="store", kind=SECRETSTORES)
    shop.synced("east")


THROTTLED: Mapping[str, Refusal] = {
    "429 with Retry-After": Refusal(429, {"Retry-After": "2"}, b"{}"),
    "ThrottlingException": Refusal(
        400,
        {"Content-Type": "application/x-amz-json-1.1", "Retry-After": "2"},
        json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode(),
    ),
}


@pytest.mark.parametrize("kind", THROTTLED)
def test_a_provider_that_asks_for_a_pause_gets_it_and_what_was_delivered_stays(
    shop: Shop, account: Account, ssm: Front, kind: str
) -> None:
    account.parameter("/db", {"password": "one"})
    shop.store("east", store("ParameterStore"))
    shop.want("east", {"password": "/db#password"})
    shop.delivered({"password": "one"}, "east")
    account.parameter("/db", {"password": "two"})
    ssm.open()
    refused: list[Asked] = []

    def throttle(asked: Asked) -> Refusal | None:
        refused.append(asked)
        return THROTTLED[kind]

    ssm.rule = throttle
    began = monotonic()
    shop.force_sync("east")
    told = shop.says("east", "False", "SecretSyncedError", "asks for fewer requests")
    assert "raise its quota, or refresh less often" in told
    assert shop.objects.read("east", "db") == {"password": "one"}
    eventually(lambda: len(refused) >= 2)
    asked, took_s = len(refused), monotonic() - began
    ssm.rule = let_through
    shop.delivered({"password": "two"}, "east")
    shop.synced("east")
    assert asked <= 2 + took_s / 2, "it is asked after each pause, and not before"
