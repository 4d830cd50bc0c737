# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.run import claims_of, rate_of
from keyfleet.engine.sealing.api.rate import Rate
from keyfleet.model.selectors import parse_selector


def test_upstreams_rate_is_the_default() -> None:
    assert rate_of(2.0, 2) == Rate()


@pytest.mark.parametrize(
    ("per_second", "burst"), [(0, 2), (-1, 2), (math.nan, 2), (math.inf, 2), (2, -1), (2, 10**9)]
)
def test_a_rate_that_divides_by_nothing_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        rate_of(per_second, burst)
    assert "--sealed-secrets-rate-limit" in caught.value.subject


def test_what_labels_choose_is_a_claim_and_no_selector_claims_everything() -> None:
    selector = parse_selector("tool=keyfleet")
    found = claims_of("sealed-secrets", {}, "", {"sealed-secrets": selector, "eso": None})
    assert found.labels == {"sealed-secrets": selector}
