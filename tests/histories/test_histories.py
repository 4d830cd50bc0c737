# SPDX-License-Identifier: Apache-2.0
"""Random histories hold every guarantee, and so do those that once did not."""

from pathlib import Path

import pytest
from tests.histories.deeds import read
from tests.histories.replay import replay
from tests.histories.sealedmachine import SealedHistories
from tests.histories.soak import play

BATCHES, HISTORIES = 2, 45
SEALED_BATCHES, SEALED_HISTORIES = 2, 15
"""Less than a minute of one core; `make soak` plays more. Where much is sealed, there is more to
deliver: a history takes twice as long."""
FOUND = sorted((Path(__file__).parent / "found").glob("*.jsonl"))
"""What soaks found, each called by its seed."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(BATCHES))
def test_random_histories_hold_every_guarantee(seed: int) -> None:
    assert play(seed, HISTORIES) >= HISTORIES


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(SEALED_BATCHES))
def test_random_histories_hold_where_much_is_sealed(seed: int) -> None:
    assert play(seed, SEALED_HISTORIES, of=SealedHistories) >= SEALED_HISTORIES


@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_what_a_history_found_is_mended(path: Path) -> None:
    replay(int(path.stem), read(path.read_text())).teardown()
