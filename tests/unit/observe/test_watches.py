# SPDX-License-Identifier: Apache-2.0
from keyfleet.observe.watches import Watches
from keyfleet.testing.clock import FakeClock


def _samples(watches: Watches) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in watches.collect()
        for sample in family.samples
    }


def test_one_state_of_a_watch_is_true() -> None:
    watches = Watches(FakeClock())
    watches.change("east", "secrets", "listing")
    watches.change("east", "secrets", "live")
    found = _samples(watches)
    assert [found["east", "secrets", "", state] for state in ("listing", "live", "failed")] == [
        0,
        1,
        0,
    ]


async def test_the_age_counts_from_the_last_sign_of_life() -> None:
    clock = FakeClock()
    watches = Watches(clock)
    watches.change("east", "secrets", "live")
    await clock.advance(10)
    assert _samples(watches)["east", "secrets", ""] == 10
    watches.hear("east", "secrets")
    await clock.advance(3)
    watches.change("east", "secrets", "failed")
    assert _samples(watches)["east", "secrets", ""] == 3


def test_a_stopped_watch_is_forgotten() -> None:
    watches = Watches(FakeClock())
    watches.change("east", "secrets", "live")
    watches.change("east", "secrets", "stopped")
    watches.hear("east", "secrets")
    assert _samples(watches) == {}


def test_only_the_watches_of_the_removed_cluster_go() -> None:
    watches = Watches(FakeClock())
    for cluster in ("east", "west"):
        watches.change(cluster, "secrets", "live")
    watches.remove("east")
    assert {labels[0] for labels in _samples(watches)} == {"west"}


async def test_the_watch_that_fell_silent_is_not_hidden_behind_others_of_its_kind() -> None:
    clock = FakeClock()
    watches = Watches(clock)
    names = ("target:", "source:a", "source:b")
    for name in names:
        watches.change("east", "secrets", "live", name)
    await clock.advance(200)
    watches.hear("east", "secrets", "target:")
    watches.hear("east", "secrets", "source:a")
    watches.change("east", "secrets", "failed", "source:b")
    found = _samples(watches)
    assert found["east", "secrets", "target"] == 0
    assert found["east", "secrets", "source"] == 200
    assert found["east", "secrets", "target", "live"] == 1
    assert found["east", "secrets", "source", "failed"] == 1


def test_one_of_several_that_stops_leaves_the_others() -> None:
    watches = Watches(FakeClock())
    for name in ("source:a", "source:b"):
        watches.change("east", "secrets", "live", name)
    watches.change("east", "secrets", "stopped", "source:a")
    assert _samples(watches)["east", "secrets", "source", "live"] == 1
