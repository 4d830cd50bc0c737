# SPDX-License-Identifier: Apache-2.0
"""Random histories hold every guarantee, and so do those that once did not."""

from pathlib import Path

import pytest
from tests.histories.deeds import read
from tests.histories.replay import replay
from tests.histories.soak import play

BATCHES, HISTORIES = 4, 45
"""Less than a minute of one core; `make soak` plays more."""
FOUND = sorted((Path(__file__).parent / "found").glob("*.jsonl"))
"""What soaks found, each called by its seed."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(BATCHES))
def test_random_histories_hold_every_guarantee(seed: int) -> None:
    assert play(seed, HISTORIES) >= HISTORIES


@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_what_a_history_found_is_mended(path: Path) -> None:
    replay(int(path.stem), read(path.read_text())).teardown()
