# SPDX-License-Identifier: Apache-2.0
"""Is anybody there to do it: the Lease of the controller."""

from datetime import timedelta

from keyfleet.base.clock import parse_timestamp
from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.cli.hub import Hub
from keyfleet.kube.lease_record import read_lease
from keyfleet.kube.resources import LEASES
from keyfleet.manifests import SYSTEM_NAMESPACE

LEASE = "keyfleet"

_SLACK = timedelta(seconds=30)
"""Clocks of two machines differ: only a Lease that is long over means that nobody is there."""


async def require_controller(hub: Hub) -> None:
    """Make sure that a controller leads.

    Raises:
        UnreachableError: Nobody holds the Lease.
    """
    try:
        lease = await hub.client.find(LEASES, LEASE, namespace=SYSTEM_NAMESPACE)
    except DeniedError:
        # Not for everybody to see: whether somebody answers will show.
        return
    record = read_lease(lease or {})
    renewed = ((lease or {}).get("spec") or {}).get("renewTime")
    if record.holder and renewed:
        over = parse_timestamp(renewed) + timedelta(seconds=record.duration_s) + _SLACK
        if hub.clock.now() < over:
            return
    raise UnreachableError(
        "cli.no_controller",
        "no controller is running",
        f"nobody holds Lease {SYSTEM_NAMESPACE}/{LEASE}",
        hint="start one with `keyfleet run`; `keyfleet apply -f` delivers without one",
    )
