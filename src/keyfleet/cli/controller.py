# SPDX-License-Identifier: Apache-2.0
"""Is anybody there to do it: the Lease of the controller."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from keyfleet.base.clock import Clock, parse_timestamp
from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.cli.hub import Hub
from keyfleet.kube.client import Client
from keyfleet.kube.lease_record import read_lease
from keyfleet.kube.resources import LEASES
from keyfleet.manifests import SYSTEM_NAMESPACE

LEASE = "keyfleet"

_SLACK = timedelta(seconds=30)
"""Clocks of two machines differ: only a Lease that is long over means that nobody is there."""


@dataclass(frozen=True, slots=True)
class Leader:
    """Who holds the Lease."""

    holder: str
    """Empty: nobody."""
    renewed: datetime | None = None
    is_fresh: bool = False
    """Renewed lately enough to be there still."""


async def leader(client: Client, clock: Clock) -> Leader:
    """Return who leads on a hub.

    Raises:
        DeniedError: The Lease may not be read.
    """
    lease = await client.find(LEASES, LEASE, namespace=SYSTEM_NAMESPACE) or {}
    record = read_lease(lease)
    text = (lease.get("spec") or {}).get("renewTime")
    if not record.holder or not text:
        return Leader("")
    renewed = parse_timestamp(text)
    over = renewed + timedelta(seconds=record.duration_s) + _SLACK
    return Leader(record.holder, renewed, is_fresh=clock.now() < over)


async def require_controller(hub: Hub) -> None:
    """Make sure that a controller leads.

    Raises:
        UnreachableError: Nobody holds the Lease.
    """
    try:
        found = await leader(hub.client, hub.clock)
    except DeniedError:
        # Not for everybody to see: whether somebody answers will show.
        return
    if found.is_fresh:
        return
    raise UnreachableError(
        "cli.no_controller",
        "no controller is running",
        f"nobody holds Lease {SYSTEM_NAMESPACE}/{LEASE}",
        hint="start one with `keyfleet run`; `keyfleet apply -f` delivers without one",
    )
