# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.model.deletion import AskedLimits
from keyfleet.model.v1alpha1 import FleetPolicySpec, parse_spec, policy_limits


def spec_of(**spec: Any) -> FleetPolicySpec:
    return parse_spec(FleetPolicySpec, {"metadata": {"name": "p"}, "spec": spec}, subject="p")


def test_a_policy_without_limits_says_nothing() -> None:
    assert policy_limits(spec_of()) == policy_limits(spec_of(limits={})) == AskedLimits()


def test_every_limit_is_read() -> None:
    asked = {"deletions": {"targets": 5, "percent": 20, "total": 0}}
    assert policy_limits(spec_of(limits=asked)) == AskedLimits(5, 20, 0)


def test_a_paused_policy_allows_no_more_than_the_defaults_and_forbids_as_before() -> None:
    asked = {"deletions": {"targets": 5, "percent": 80}}
    assert policy_limits(spec_of(limits=asked, paused=True)) == AskedLimits(targets=5)


@pytest.mark.parametrize(
    "wrong", [{"targets": -1}, {"percent": 101}, {"total": 1001}, {"target": 1}, {"targets": "5"}]
)
def test_a_limit_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        spec_of(limits={"deletions": wrong})
