# SPDX-License-Identifier: Apache-2.0
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.backoff import Backoff

BACKOFF = Backoff(base_s=1, cap_s=30)


SEEDED = Random(0)


@given(st.integers(-5, 10**9), st.randoms(use_true_random=False))
def test_delays_lie_between_one_and_two_times_the_doubling(failures: int, random: Random) -> None:
    delay = BACKOFF.delay_s(failures, random)
    base = min(30, 2.0 ** min(max(failures - 1, 0), 30))
    assert base <= delay <= 2 * base


def test_the_first_delay_is_the_base() -> None:
    assert 1 <= BACKOFF.delay_s(1, SEEDED) <= 2


def test_many_that_broke_together_do_not_come_back_together() -> None:
    assert len({BACKOFF.delay_s(3, SEEDED) for _ in range(100)}) == 100
