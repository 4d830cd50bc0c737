# SPDX-License-Identifier: Apache-2.0
"""Budgets for tests of what a render uses."""

from random import Random

from keyfleet.testing.clock import START
from keyfleet.transform.gotemplate.run import Limits, Run


def a_run(**limits: int) -> Run:
    """Give a fresh budget, by default that of any render; its clock stands still."""
    return Run(now=lambda: START, random=Random(0), limits=Limits(**limits))
