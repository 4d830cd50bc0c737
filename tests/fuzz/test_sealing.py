# SPDX-License-Identifier: Apache-2.0
"""What the fuzzer of sealed values once found stays mended, and a short run finds nothing."""

from itertools import islice
from random import Random

import pytest
from tests.fuzz.sealing import CPU_S, cases, corpus, problem

pytestmark = pytest.mark.no_cover  # measuring coverage would take most of the CPU time
BUSY_CPU_S = 3 * CPU_S
"""A shared machine takes more CPU for the same."""


@pytest.mark.parametrize("number", range(len(corpus())))
def test_what_was_found_stays_mended(number: int) -> None:
    assert problem(corpus()[number], cpu_s=BUSY_CPU_S) == ""


@pytest.mark.parametrize("seed", range(4))
def test_a_short_run_finds_nothing(seed: int) -> None:
    for case in islice(cases(Random(seed)), 250):
        assert problem(case, cpu_s=BUSY_CPU_S) == "", case
