# SPDX-License-Identifier: Apache-2.0
"""Random histories hold every guarantee, and those that once did not hold it now."""

from pathlib import Path

import pytest
from tests.histories.deeds import read
from tests.histories.replay import replay
from tests.histories.soak import play

BATCHES, HISTORIES = 4, 75
"""About half a minute of one core; `make soak` plays more."""
FOUND = sorted((Path(__file__).parent / "found").glob("*.history"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(BATCHES))
def test_random_histories_hold_every_guarantee(seed: int) -> None:
    assert play(seed, HISTORIES) >= HISTORIES


@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_what_a_history_found_is_mended(path: Path) -> None:
    """The file begins with the seed; the deeds follow, one a line."""
    seed, _, deeds = path.read_text().partition("\n")
    replay(int(seed), read(deeds)).teardown()
