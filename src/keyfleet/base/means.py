# SPDX-License-Identifier: Apache-2.0
"""What everything that runs needs, handed on together."""

from random import Random
from typing import TypedDict

from keyfleet.base.clock import Clock
from keyfleet.base.log import Hooks


class Means(TypedDict):
    """Time, chance and observation, as keyword arguments."""

    clock: Clock
    random: Random
    hooks: Hooks
