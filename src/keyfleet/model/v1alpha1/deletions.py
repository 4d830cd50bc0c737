# SPDX-License-Identifier: Apache-2.0
"""The limits of a FleetPolicy as the breaker reads them."""

from keyfleet.model.deletion import PERCENT, TARGETS, TOTAL, AskedLimits
from keyfleet.model.v1alpha1.fleetpolicy import FleetPolicySpec


def policy_limits(spec: FleetPolicySpec) -> AskedLimits:
    """Return what a policy says of deletions; a paused one allows no more than the defaults."""
    asked = spec.limits.deletions
    limits = AskedLimits(asked.targets, asked.percent, asked.total)
    if not spec.paused:
        return limits
    return AskedLimits(
        _stricter(limits.targets, TARGETS),
        _stricter(limits.percent, PERCENT),
        _stricter(limits.total, TOTAL),
    )


def _stricter(asked: int | None, default: int) -> int | None:
    return asked if asked is not None and asked < default else None
