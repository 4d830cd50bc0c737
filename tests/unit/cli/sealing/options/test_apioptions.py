# SPDX-License-Identifier: Apache-2.0
"""The flags of the API that kubeseal asks."""

import math

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.options.apioptions import NO_API_OPTIONS, ApiOptions
from keyfleet.engine.sealing.api.rate import Rate


def test_it_is_served_nowhere_and_at_upstreams_rate_by_default() -> None:
    assert NO_API_OPTIONS.listen == ""
    assert NO_API_OPTIONS.rate == Rate()


@pytest.mark.parametrize(
    ("per_second", "burst"), [(0, 2), (-1, 2), (math.nan, 2), (math.inf, 2), (2, -1), (2, 10**9)]
)
def test_a_rate_that_divides_by_nothing_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _ = ApiOptions(per_second=per_second, burst=burst).rate
    assert "--sealed-secrets-rate-limit" in caught.value.subject
