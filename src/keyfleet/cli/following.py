# SPDX-License-Identifier: Apache-2.0
"""Follow one manifest until something is true of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from keyfleet.base.clock import SystemClock
from keyfleet.base.tasks import spawn, stop
from keyfleet.cli.hub import Hub
from keyfleet.cli.refs import Ref
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.requests import one_object
from keyfleet.kube.resources import FLEETSECRETS, Resource

Document = dict[str, Any]


async def follow(
    hub: Hub, ref: Ref, holds: Callable[[Document | None], bool], *, within: timedelta
) -> tuple[Document | None, bool]:
    """Watch a FleetSecret until a condition holds.

    Returns:
        The FleetSecret as last seen (None: absent), and whether the condition held in time.
    """
    return await follow_at(hub.client, FLEETSECRETS, ref, holds, within=within)


async def follow_at(
    client: Client,
    resource: Resource,
    ref: Ref,
    holds: Callable[[Document | None], bool],
    *,
    within: timedelta,
) -> tuple[Document | None, bool]:
    """Watch a manifest of any kind and cluster until a condition holds, as `follow`."""
    changed = asyncio.Event()
    informer: Informer[Document] = Informer(
        client,
        Collection(resource, full_object, one_object(ref.namespace, ref.name)),
        lambda *_: changed.set(),
        clock=SystemClock(),
        random=Random(),  # noqa: S311 - jitter
    )
    key = (ref.namespace, ref.name)
    task = spawn(informer.run(), name="follow")
    try:
        async with asyncio.timeout(within.total_seconds()):
            await informer.wait_synced()
            while not holds(informer.items.get(key)):
                changed.clear()
                await changed.wait()
    except TimeoutError:
        if not informer.synced and informer.error is not None:
            raise informer.error from None
        return informer.items.get(key), False
    finally:
        await stop(task)
    return informer.items.get(key), True
