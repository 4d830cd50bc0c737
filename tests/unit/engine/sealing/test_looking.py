# SPDX-License-Identifier: Apache-2.0
"""Keys for one look: each cluster's listed once, with what went wrong said."""

import pytest
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.errors import DeniedError, KeyfleetError, NotReadyError
from keyfleet.base.tasks import all_of
from keyfleet.engine.sealing.looking import KeyLook
from keyfleet.kube.client import Client
from keyfleet.model.intent import ClusterTargets, Intent, Origin, Read, Shape
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid, IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.testing.sealing import key_pair, key_secret

HUB = ClusterName("")


def sealed(name: str = "db", cluster: ClusterName = HUB) -> Intent:
    return Intent(
        IntentKey("FleetSecret", "pay", name),
        (Origin("native", "FleetSecret", "pay", name),),
        (Read("sealed", SealedRead("pay", name, {}, cluster=cluster)),),
        Shape(),
        ClusterTargets(ChosenClusters(), ChosenNamespaces(), name),
    )


def resolved(client: Client) -> tuple[ClusterFacts, Client]:
    return ClusterFacts(ClusterName("hub"), ClusterUid("uid"), is_hub=True), client


def cluster_with(*errors: KeyfleetError) -> FakeCluster:
    cluster = FakeCluster()
    document = key_secret(key_pair(), "used")
    metadata = {"labels": document["metadata"]["labels"]}
    cluster.put_secret("used", "kube-system", metadata=metadata, **document["data"])
    cluster.errors["list Secret"] = list(errors)
    return cluster


async def test_lists_the_keys_of_a_cluster_once() -> None:
    look, cluster = KeyLook(), cluster_with()
    asks = [look.find(sealed(name), lambda _: resolved(cluster)) for name in ("a", "b")]
    await all_of(asks, name="find")
    assert len(look.keys(HUB).fingerprints) == 1
    assert [asked.verb for asked in cluster.asked].count("list") == 1


async def test_says_why_keys_are_not_known() -> None:
    look, cluster = KeyLook(), cluster_with(DeniedError("api.forbidden", "forbidden"))
    await look.find(sealed(), lambda _: resolved(cluster))
    with pytest.raises(NotReadyError) as caught:
        look.keys(HUB)
    assert "let Keyfleet get, list and watch Secrets" in caught.value.hint


async def test_asks_nothing_of_a_cluster_that_there_is_not() -> None:
    look, cluster = KeyLook(), cluster_with()
    await look.find(sealed(cluster=ClusterName("west")), lambda _: None)
    assert cluster.asked == []
    with pytest.raises(NotReadyError):
        look.keys(ClusterName("west"))


async def test_the_certificate_comes_of_the_same_list() -> None:
    look, cluster = KeyLook(), cluster_with()
    await look.find(sealed(), lambda _: resolved(cluster))
    certificate = await look.certificate(cluster)
    assert certificate is not None
    assert {certificate.fingerprint} == set(look.keys(HUB).fingerprints)
    assert [asked.verb for asked in cluster.asked].count("list") == 1
    assert await KeyLook(namespace="elsewhere").certificate(cluster) is None
