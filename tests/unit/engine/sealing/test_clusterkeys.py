# SPDX-License-Identifier: Apache-2.0
"""The keys of one cluster: heard of as they come and go, made once and renewed in time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.engine.sealing.keybench import FIRST, KeyBench

from keyfleet.base.errors import NotReadyError
from keyfleet.base.sealing import load_certificate
from keyfleet.engine.sealing.clusterkeys import ClusterKeys
from keyfleet.engine.sealing.keyevents import TOLD_MAX
from keyfleet.engine.sealing.keysecrets import DEFAULT_PREFIX, Priority
from keyfleet.kube.resources import SECRETS
from keyfleet.testing.memoryplane import Sky
from keyfleet.testing.sealing import key_pair

HOUR = 3600.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def bench() -> Iterator[KeyBench]:
    """A cluster without keys."""
    found = KeyBench()
    yield found
    found.close()


def fingerprint(name: str, made: datetime = NOW) -> str:
    return load_certificate(key_pair(name, made).certificate).fingerprint


def held(keys: ClusterKeys) -> list[str]:
    """Return the keys that open, in the order in which they are tried."""
    return list(keys.keyset.fingerprints)


# Holding.


def test_keys_are_not_known_before_they_were_listed(bench: KeyBench) -> None:
    bench.weather.becomes(Sky.REFUSED)
    keys = bench.start(makes=False)
    bench.pass_time(5)
    with pytest.raises(NotReadyError) as caught:
        _ = keys.keyset
    assert caught.value.code == "sealing.keys_unknown"
    bench.weather.becomes(Sky.CLEAR)
    bench.pass_time(60)
    assert held(keys) == []


def test_a_right_that_is_missing_is_named(bench: KeyBench) -> None:
    bench.weather.forbidden.add("kube-system")
    keys = bench.start()
    bench.pass_time(5)
    with pytest.raises(NotReadyError) as caught:
        _ = keys.certificate
    assert "list and watch Secrets in namespace kube-system" in caught.value.hint
    assert bench.told.made == []


def test_hears_of_a_key_that_comes_and_of_one_that_goes(bench: KeyBench) -> None:
    keys = bench.start(makes=False)
    bench.pass_time(1)
    bench.put(key_pair("one", NOW), "a")
    bench.pass_time(1)
    assert held(keys) == [fingerprint("one")]
    bench.delete("a")
    bench.pass_time(1)
    assert held(keys) == []
    assert len(bench.told.changes) == 3


def test_tries_the_newest_key_first_and_seals_with_it(bench: KeyBench) -> None:
    later = NOW + timedelta(days=1)
    bench.put(key_pair("one", NOW), "a")
    bench.put(key_pair("two", later), "b")
    keys = bench.start(makes=False)
    bench.pass_time(1)
    assert held(keys) == [fingerprint("two", later), fingerprint("one")]
    assert keys.certificate is not None
    assert keys.certificate.fingerprint == fingerprint("two", later)


@pytest.mark.parametrize("state", ["compromised", None])
def test_relabelling_takes_a_key_out_of_use_and_back(bench: KeyBench, state: str | None) -> None:
    bench.put(key_pair("one", NOW), "a")
    keys = bench.start(makes=False)
    bench.pass_time(1)
    bench.label("a", state)
    bench.pass_time(1)
    assert held(keys) == []
    assert keys.certificate is None
    bench.label("a", "active")
    bench.pass_time(1)
    assert held(keys) == [fingerprint("one")]


def test_lists_a_key_that_is_out_of_use(bench: KeyBench) -> None:
    bench.put(
        key_pair("one", NOW), "a", labels={"sealedsecrets.bitnami.com/sealed-secrets-key": "x"}
    )
    keys = bench.start(makes=False)
    bench.pass_time(1)
    assert keys.known is not None
    assert [(key.name, key.state) for key in keys.known.found] == [("a", "x")]


def test_holds_the_unlabelled_legacy_key(bench: KeyBench) -> None:
    keys = bench.start(makes=False)
    bench.pass_time(1)
    bench.put(key_pair("one", NOW), DEFAULT_PREFIX, labels={})
    bench.put(key_pair("two", NOW), "unlabelled", labels={})
    bench.pass_time(1)
    assert held(keys) == [fingerprint("one")]


def test_a_broken_key_secret_is_told_once_and_harms_no_other(bench: KeyBench) -> None:
    bench.put(key_pair("one", NOW), "a")
    bench.put_broken("bad")
    keys = bench.start(makes=False)
    bench.pass_time(1)
    bench.put(key_pair("two", NOW), "b")
    bench.pass_time(1)
    assert len(held(keys)) == 2
    assert bench.told.broken == [("bad", "sealing.certificate")]


def test_a_broken_key_secret_is_told_again_after_it_was_whole(bench: KeyBench) -> None:
    bench.start(makes=False)
    for _ in range(2):
        bench.put_broken("bad")
        bench.pass_time(1)
        bench.delete("bad")
        bench.pass_time(1)
    assert len(bench.told.broken) == 2


def test_no_cluster_fills_the_log_with_broken_keys(bench: KeyBench) -> None:
    for number in range(40):
        bench.put_broken(f"bad-{number}")
    bench.start(makes=False)
    bench.pass_time(1)
    for number in range(40, 60):
        bench.put_broken(f"bad-{number}")
        bench.pass_time(1)
    assert len(bench.told.broken) == TOLD_MAX
    bench.later(hours=2)
    bench.put_broken("later")
    bench.pass_time(1)
    assert bench.told.broken[-1][0] == "later"


def test_keeps_what_it_holds_while_the_cluster_is_away(bench: KeyBench) -> None:
    bench.put(key_pair("one", NOW), "a")
    keys = bench.start()
    bench.pass_time(1)
    bench.weather.becomes(Sky.REFUSED)
    bench.later(days=90)
    assert held(keys) == [fingerprint("one")]
    assert bench.told.made == []


def test_holds_nothing_once_it_is_stopped(bench: KeyBench) -> None:
    bench.put(key_pair("one", NOW), "a")
    keys = bench.start(makes=False)
    bench.pass_time(1)
    bench.stop()
    with pytest.raises(NotReadyError):
        _ = keys.keyset


# Making.


def test_makes_one_key_where_there_is_none(bench: KeyBench) -> None:
    keys = bench.start()
    bench.pass_time(2 * HOUR)
    assert len(bench.secrets()) == 1
    ((name, document),) = bench.secrets().items()
    assert name.startswith(DEFAULT_PREFIX)
    assert len(name) == len(DEFAULT_PREFIX) + 5
    assert document["type"] == "kubernetes.io/tls"
    assert bench.told.made == [(name, True)]
    assert len(held(keys)) == 1
    assert keys.certificate is not None
    assert keys.certificate.not_after - keys.certificate.not_before == timedelta(hours=87600)


def test_makes_none_where_keys_are_only_looked_at(bench: KeyBench) -> None:
    keys = bench.start(makes=False)
    bench.later(days=40)
    assert bench.secrets() == {}
    keys.make(is_wanted=True)
    bench.pass_time(1)
    assert len(bench.secrets()) == 1


def test_a_restart_makes_no_new_key(bench: KeyBench) -> None:
    for _ in range(3):
        bench.start()
        bench.pass_time(HOUR)
        bench.stop()
    assert len(bench.secrets()) == 1


def test_two_replicas_make_one_key(bench: KeyBench) -> None:
    bench.start()
    bench.start()
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 1


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_an_answer_that_is_lost_makes_no_second_key(bench: KeyBench, lost: int) -> None:
    bench.weather.lost_answers = lost
    keys = bench.start()
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 1
    assert len(held(keys)) == 1


@pytest.mark.parametrize("sky", [Sky.REFUSED, Sky.FAILING, Sky.PORTAL, Sky.EXPIRED, Sky.HANGING])
def test_no_key_is_made_while_the_list_fails(bench: KeyBench, sky: Sky) -> None:
    """An error is never absence: there is a key, and it cannot be seen."""
    bench.put(key_pair("one", NOW), "a")
    bench.weather.becomes(sky)
    keys = bench.start()
    bench.pass_time(10 * 60)
    bench.weather.becomes(Sky.CLEAR)
    bench.pass_time(10 * 60)
    assert set(bench.secrets()) == {"a"}
    assert held(keys) == [fingerprint("one")]


def test_flaky_ways_lead_to_one_key(bench: KeyBench) -> None:
    bench.weather.becomes(Sky.FLAKY)
    bench.start()
    bench.pass_time(HOUR)
    bench.weather.becomes(Sky.CLEAR)
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 1


def test_makes_none_in_a_cluster_that_is_paused(bench: KeyBench) -> None:
    bench.may_make = False
    bench.start()
    bench.pass_time(HOUR)
    assert bench.secrets() == {}
    bench.may_make = True
    bench.pass_time(60)
    assert len(bench.secrets()) == 1


def test_a_broken_key_is_no_key(bench: KeyBench) -> None:
    bench.put_broken("bad")
    bench.start()
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 2


def test_replaces_a_key_that_is_out_of_use(bench: KeyBench) -> None:
    keys = bench.start()
    bench.pass_time(HOUR)
    (first,) = bench.secrets()
    bench.label(first, "compromised")
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 2
    assert len(held(keys)) == 1


def test_a_name_that_is_taken_by_something_else_is_passed_over(bench: KeyBench) -> None:
    """Whoever takes the label off the only key gets a new one, though its name is taken."""
    bench.start()
    bench.pass_time(HOUR)
    (first,) = bench.secrets()
    bench.label(first, None)
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 1
    assert first not in bench.secrets()


# Renewing.


def test_renews_every_period(bench: KeyBench) -> None:
    keys = bench.start()
    bench.pass_time(1)
    bench.later(days=29)
    assert len(bench.secrets()) == 1
    bench.later(days=2)
    assert len(bench.secrets()) == 2
    for _ in range(2):
        bench.later(days=30)
    assert len(bench.secrets()) == 4
    assert len(held(keys)) == 4
    assert [is_first for _, is_first in bench.told.made] == [True, False, False, False]


def test_a_period_of_zero_renews_never(bench: KeyBench) -> None:
    bench.start(replace(FIRST, renew_period=timedelta()))
    bench.later(days=400)
    assert len(bench.secrets()) == 1


def test_seals_with_the_renewed_key(bench: KeyBench) -> None:
    keys = bench.start()
    bench.later(days=1)
    before = keys.certificate
    bench.later(days=31)
    assert keys.certificate is not None
    assert before is not None
    assert keys.certificate.fingerprint != before.fingerprint


def test_renews_a_key_that_was_due_while_nobody_ran(bench: KeyBench) -> None:
    bench.put(key_pair("one", NOW - timedelta(days=100)), "a")
    bench.start()
    bench.pass_time(HOUR)
    assert len(bench.secrets()) == 2


def test_replaces_a_key_from_before_the_cutoff_once(bench: KeyBench) -> None:
    """Source: compat/sealed-secrets.md 3.2."""
    bench.put(key_pair("one", NOW - timedelta(days=2)), "a")
    settings = replace(FIRST, cutoff=NOW - timedelta(days=1))
    bench.start(settings)
    bench.later(days=1)
    assert len(bench.secrets()) == 2


def test_a_cutoff_in_the_future_makes_no_key_until_then(bench: KeyBench) -> None:
    bench.start(replace(FIRST, cutoff=NOW + timedelta(days=3)))
    bench.later(days=2)
    assert len(bench.secrets()) == 1
    bench.later(days=2)
    assert len(bench.secrets()) == 2


def test_orders_by_creation_where_asked(bench: KeyBench) -> None:
    bench.put(key_pair("one", NOW - timedelta(days=100)), "a")
    bench.start(replace(FIRST, priority=Priority.SECRET_CREATION))
    bench.later(days=29)
    assert len(bench.secrets()) == 1
    bench.later(days=2)
    assert len(bench.secrets()) == 2


# Clocks.


def test_a_jump_of_ten_years_makes_one_key(bench: KeyBench) -> None:
    bench.start()
    bench.pass_time(HOUR)
    bench.jump(days=3650)
    bench.pass_time(2 * HOUR)
    assert len(bench.secrets()) == 2


def test_renewal_goes_on_after_the_clock_came_back(bench: KeyBench) -> None:
    bench.start()
    bench.pass_time(HOUR)
    bench.later(days=3650)
    bench.jump(days=-3650)
    bench.later(days=20)
    assert len(bench.secrets()) == 2
    bench.later(days=40)
    assert len(bench.secrets()) == 3
    bench.later(days=20)
    assert len(bench.secrets()) == 3


def test_a_clock_that_flutters_makes_a_handful(bench: KeyBench) -> None:
    bench.start()
    for _ in range(20):
        bench.jump(days=3650)
        bench.pass_time(HOUR / 10)
        bench.jump(days=-3650)
        bench.pass_time(HOUR / 10)
    assert len(bench.secrets()) < 9


def test_a_label_that_is_taken_away_each_time_makes_a_handful(bench: KeyBench) -> None:
    """As by a webhook that does not know the label."""
    bench.start()
    for _ in range(40):
        for name in bench.secrets():
            bench.label(name, None)
        bench.pass_time(HOUR / 10)
    stored = [key for key in bench.plane.store.all(SECRETS.label) if key[1] != "other"]
    assert 2 <= len(stored) < 9


def test_a_right_that_comes_late_is_used(bench: KeyBench) -> None:
    bench.weather.forbidden.add("kube-system")
    bench.start()
    bench.pass_time(HOUR)
    bench.weather.forbidden.clear()
    bench.pass_time(120)
    assert len(bench.secrets()) == 1
