# SPDX-License-Identifier: Apache-2.0
"""What the fuzzer once found stays mended, and a short run of it finds nothing."""

from itertools import islice
from random import Random

import pytest
from tests.fuzz.templates import Case, cases, corpus
from tests.fuzz.trying import problem


@pytest.mark.parametrize("case", corpus(), ids=lambda case: case.source[:40])
def test_what_was_found_stays_mended(case: Case) -> None:
    assert problem(case.source, case.functions) == ""


@pytest.mark.parametrize("seed", range(8))
def test_a_short_run_finds_nothing(seed: int) -> None:
    for case in islice(cases(Random(seed)), 250):
        assert problem(case.source, case.functions) == "", case.source
