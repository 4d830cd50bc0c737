# SPDX-License-Identifier: Apache-2.0
"""Which clusters' keys are held: those that need them, for as long as they do."""

from collections.abc import Iterator
from random import Random

import pytest
from tests.unit.engine.sealing.keybench import EAST, FIRST, KeyBench, at_once

from keyfleet.base.errors import NotFoundError, NotReadyError, TemporaryError
from keyfleet.base.log import NoHooks
from keyfleet.base.means import Means
from keyfleet.engine.sealing.clusterkeys import PATIENCE_S
from keyfleet.engine.sealing.fleetkeys import SWEEP_S, FleetKeys
from keyfleet.kube.client import Client
from keyfleet.model.places import ClusterName
from keyfleet.testing.memoryplane import Sky
from keyfleet.testing.sealing import key_pair

HUB = ClusterName("")


class Clusters:
    """What a fleet knows: every cluster here is the one plane of the bench."""

    def __init__(self, bench: KeyBench) -> None:
        self.bench = bench
        self.clients = {EAST: bench.client(), HUB: bench.client()}
        self.needed: set[ClusterName] = set()
        self.away: set[ClusterName] = set()
        self.keys = FleetKeys(
            FIRST,
            find=self.find,
            is_needed=lambda name: name in self.needed,
            may_make=lambda _: True,
            events=bench.told,
            means=Means(clock=bench.clock, random=Random(3), hooks=NoHooks()),
            aside=at_once,
        )

    def find(self, name: ClusterName) -> tuple[ClusterName, Client] | None:
        if name in self.away:
            raise TemporaryError("source.cluster_away", "away", name)
        found = EAST if name == "alias" else name
        client = self.clients.get(found)
        return (found, client) if client is not None else None


@pytest.fixture
def clusters() -> Iterator[Clusters]:
    """Two clusters, of which nothing is held yet."""
    bench = KeyBench()
    found = Clusters(bench)
    bench.call(found.keys.start)
    yield found
    bench.run(found.keys.close())
    bench.close()


def asked(clusters: Clusters, name: ClusterName) -> tuple[str, ...]:
    """Return the keys of a cluster, asked for until they are known."""
    with pytest.raises(NotReadyError):
        clusters.bench.call(lambda: clusters.keys.keyset(name))
    clusters.bench.pass_time(1)
    return clusters.keys.keyset(name).fingerprints


def test_who_asks_first_waits_a_moment(clusters: Clusters) -> None:
    clusters.bench.put(key_pair(), "a")
    assert len(asked(clusters, EAST)) == 1
    assert clusters.bench.told.changes == [EAST]


def test_who_can_wait_does_not_hear_that_they_are_unknown(clusters: Clusters) -> None:
    clusters.bench.put(key_pair(), "a")
    clusters.bench.run(clusters.keys.heard(EAST))
    assert len(clusters.keys.keyset(EAST).fingerprints) == 1


@pytest.mark.parametrize("sky", [Sky.REFUSED, Sky.HANGING])
def test_nobody_waits_long_for_a_cluster_that_does_not_answer(clusters: Clusters, sky: Sky) -> None:
    clusters.bench.weather.becomes(sky)
    began = clusters.bench.clock.monotonic()
    clusters.bench.run(clusters.keys.heard(EAST))
    assert clusters.bench.clock.monotonic() - began <= PATIENCE_S
    with pytest.raises(NotReadyError):
        clusters.keys.keyset(EAST)


def test_a_cluster_is_held_once_under_all_its_names(clusters: Clusters) -> None:
    asked(clusters, ClusterName("alias"))
    assert [held.cluster for held in clusters.keys] == [EAST]
    assert clusters.keys.keyset(EAST).fingerprints == ()


def test_a_cluster_that_there_is_not_has_no_keys(clusters: Clusters) -> None:
    with pytest.raises(NotFoundError):
        clusters.keys.certificate(ClusterName("west"))


def test_who_only_asks_makes_no_key(clusters: Clusters) -> None:
    asked(clusters, EAST)
    clusters.bench.pass_time(30)
    assert clusters.bench.secrets() == {}


def test_makes_keys_where_sealed_secrets_are_served(clusters: Clusters) -> None:
    clusters.bench.call(lambda: clusters.keys.serve(EAST, is_served=True))
    clusters.bench.pass_time(5)
    assert len(clusters.bench.secrets()) == 1
    assert clusters.keys.certificate(EAST) is not None


def test_makes_keys_in_a_cluster_that_was_away_once_it_is_back(clusters: Clusters) -> None:
    clusters.away.add(EAST)
    clusters.bench.call(lambda: clusters.keys.serve(EAST, is_served=True))
    clusters.bench.pass_time(2 * SWEEP_S)
    assert clusters.bench.secrets() == {}
    clusters.away.clear()
    clusters.bench.pass_time(2 * SWEEP_S)
    assert len(clusters.bench.secrets()) == 1


def test_makes_no_more_keys_once_they_are_not_served(clusters: Clusters) -> None:
    clusters.bench.call(lambda: clusters.keys.serve(EAST, is_served=True))
    clusters.bench.pass_time(5)
    clusters.bench.call(lambda: clusters.keys.serve(EAST, is_served=False))
    clusters.needed.add(EAST)
    clusters.bench.later(days=40)
    assert len(clusters.bench.secrets()) == 1
    assert len(clusters.keys.keyset(EAST).fingerprints) == 1


def test_holds_no_keys_that_nobody_needs(clusters: Clusters) -> None:
    asked(clusters, EAST)
    clusters.bench.pass_time(3 * SWEEP_S)
    assert list(clusters.keys) == []


def test_holds_keys_for_as_long_as_something_needs_them(clusters: Clusters) -> None:
    clusters.needed.add(EAST)
    asked(clusters, EAST)
    clusters.bench.pass_time(3 * SWEEP_S)
    assert [held.cluster for held in clusters.keys] == [EAST]


def test_a_cluster_that_was_logged_in_to_anew_is_held_anew(clusters: Clusters) -> None:
    asked(clusters, EAST)
    clusters.clients[EAST] = clusters.bench.client()
    asked(clusters, EAST)
    assert [held.client for held in clusters.keys] == [clusters.clients[EAST]]


def test_a_cluster_that_is_let_go_is_held_no_more(clusters: Clusters) -> None:
    clusters.bench.call(lambda: clusters.keys.serve(EAST, is_served=True))
    clusters.bench.pass_time(5)
    clusters.bench.call(lambda: clusters.keys.release(EAST))
    assert list(clusters.keys) == []


def test_tells_which_clusters_have_the_same_key(clusters: Clusters) -> None:
    clusters.bench.put(key_pair(), "a")
    (fingerprint,) = asked(clusters, EAST)
    assert clusters.keys.shared(EAST) == {}
    asked(clusters, HUB)
    assert clusters.keys.shared(EAST) == {fingerprint: [HUB, EAST]}
