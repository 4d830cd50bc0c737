# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.deletion import AskedLimits, DeletionLimits, strictest


def test_without_a_policy_the_defaults_hold() -> None:
    assert strictest([]) == strictest([AskedLimits()]) == DeletionLimits(10, 30, 100)


def test_one_policy_may_raise_a_default() -> None:
    assert strictest([AskedLimits(targets=50), AskedLimits()]) == DeletionLimits(50, 30, 100)


def test_of_several_policies_the_smallest_of_each_limit_holds() -> None:
    found = strictest([AskedLimits(50, 80, 500), AskedLimits(targets=5, total=900)])
    assert found == DeletionLimits(5, 80, 500)


def test_zero_is_a_limit_too() -> None:
    assert strictest([AskedLimits(total=0), AskedLimits(total=7)]).total == 0


def test_the_limits_are_said_in_words() -> None:
    assert DeletionLimits().describe() == "over 10 and over 30 %, or over 100"
