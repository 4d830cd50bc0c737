# SPDX-License-Identifier: Apache-2.0
from tests.unit.engine.fakes import key_of

from keyfleet.engine.propagation import Propagation
from keyfleet.model.places import ClusterName
from keyfleet.testing.clock import FakeClock

EAST, WEST = ClusterName("east"), ClusterName("west")
KEY = key_of()


async def test_gives_the_moment_the_change_could_be_seen_and_only_once() -> None:
    clock = FakeClock()
    watches = Propagation(clock)
    await clock.advance(5)
    watches.began(KEY, EAST)
    await clock.advance(2)
    assert watches.take(KEY, EAST) == 5.0
    assert watches.take(KEY, EAST) is None


async def test_a_further_change_under_way_does_not_start_the_watch_anew() -> None:
    clock = FakeClock()
    watches = Propagation(clock)
    watches.began(KEY, EAST)
    await clock.advance(2)
    watches.began(KEY, EAST)
    assert watches.take(KEY, EAST) == 0.0


def test_a_watch_that_was_taken_can_be_put_back() -> None:
    watches = Propagation(FakeClock())
    watches.began(KEY, EAST, at=-3.0)
    assert watches.take(KEY, EAST) == -3.0


def test_clusters_and_intents_have_watches_of_their_own() -> None:
    watches = Propagation(FakeClock())
    watches.began(KEY, EAST)
    assert watches.take(KEY, WEST) is None
    assert watches.take(key_of("other"), EAST) is None


def test_an_intent_that_is_gone_is_not_measured() -> None:
    watches = Propagation(FakeClock())
    for cluster in (EAST, WEST):
        watches.began(KEY, cluster)
    watches.began(key_of("other"), EAST)
    watches.forget(KEY)
    assert [
        watches.take(KEY, EAST),
        watches.take(KEY, WEST),
        watches.take(key_of("other"), EAST),
    ] == [None, None, 0.0]
