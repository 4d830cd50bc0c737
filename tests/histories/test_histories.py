# SPDX-License-Identifier: Apache-2.0
"""Random histories hold every guarantee."""

import pytest
from tests.histories.soak import play

BATCHES, HISTORIES = 4, 45
"""Less than a minute of one core; `make soak` plays more."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(BATCHES))
def test_random_histories_hold_every_guarantee(seed: int) -> None:
    assert play(seed, HISTORIES) >= HISTORIES
