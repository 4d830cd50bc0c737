# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.engine.sealing.api.places import Places, requester
from keyfleet.engine.sealing.api.rate import Rate, RateLimit, Verdict
from keyfleet.testing.clock import FakeClock

WHO = ("10.0.0.1", "192.0.2.7")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_upstreams_rate_lets_three_pass_at_once_and_two_a_second_after(
    clock: FakeClock,
) -> None:
    limit = RateLimit(Rate(), clock)
    first = [limit.ask(WHO) for _ in range(5)]
    assert [found.is_allowed for found in first] == [True, True, True, False, False]
    assert [found.remaining for found in first] == [2, 1, 0, 0, 0]
    await clock.advance(0.5)
    assert [limit.ask(WHO).is_allowed for _ in range(2)] == [True, False]
    await clock.advance(100)
    assert [limit.ask(WHO).is_allowed for _ in range(4)] == [True, True, True, False]


def test_headers_are_upstreams(clock: FakeClock) -> None:
    limit = RateLimit(Rate(), clock)
    assert limit.ask(WHO).headers == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "2",
        "X-RateLimit-Reset": "1",
    }
    for _ in range(2):
        limit.ask(WHO)
    assert limit.ask(WHO).headers == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "2",
        "Retry-After": "1",
    }


def test_each_has_a_rate_of_their_own(clock: FakeClock) -> None:
    limit = RateLimit(Rate(1, 0), clock)
    assert [limit.ask((name,)).is_allowed for name in "aab"] == [True, False, True]


def test_made_up_names_fill_no_memory(clock: FakeClock) -> None:
    limit = RateLimit(Rate(1, 0), clock, remembered=2)
    assert [limit.ask((name,)).is_allowed for name in "abca"] == [True] * 4
    assert not limit.ask(("c",)).is_allowed


def test_a_refusal_costs_nothing(clock: FakeClock) -> None:
    limit = RateLimit(Rate(1, 0), clock)
    found: list[Verdict] = [limit.ask(WHO) for _ in range(50)]
    assert {verdict.retry_after_s for verdict in found[1:]} == {1.0}


def test_ten_times_a_rate_lets_ten_times_as_many_pass(clock: FakeClock) -> None:
    limit = RateLimit(Rate().times(10), clock)
    assert sum(limit.ask(WHO).is_allowed for _ in range(100)) == 30


def test_only_what_the_api_server_added_tells_requesters_apart() -> None:
    found = {requester("10.0.0.1", f"198.51.100.{made_up}, 192.0.2.7") for made_up in range(9)}
    assert found == {WHO}
    assert requester("10.0.0.1", "") == ("10.0.0.1", "")
    assert len(requester("", "x" * 10_000)[1]) == 64


def test_places_are_bounded_for_one_and_for_all() -> None:
    places = Places(together=3, of_one=2)
    with places.place(WHO) as first, places.place(WHO) as second, places.place(WHO) as third:
        assert (first, second, third) == (True, True, False)
        with places.place(("b",)) as fourth, places.place(("c",)) as fifth:
            assert (fourth, fifth) == (True, False)
    with places.place(WHO) as again:
        assert again
