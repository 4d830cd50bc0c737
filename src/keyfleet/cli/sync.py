# SPDX-License-Identifier: Apache-2.0
"""`keyfleet sync`."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from keyfleet.base.clock import timestamp
from keyfleet.base.errors import NotReadyError
from keyfleet.cli.controller import require_controller
from keyfleet.cli.duration import Duration
from keyfleet.cli.exits import TIMED_OUT, Exit, exit_of_states
from keyfleet.cli.following import Document, follow, follow_at
from keyfleet.cli.hub import Hub, installed_domain, open_hub, require_installed
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.refs import Ref, Scope, parse_ref, unknown_secret
from keyfleet.cli.standing import Standing, standing_of
from keyfleet.cli.standings import standings_answer
from keyfleet.cli.surveying import ANNOTATED, find_annotated, seat_of, survey
from keyfleet.kube.resources import FLEETSECRETS, SECRETS
from keyfleet.model.v1alpha1.common import SYNC_REQUESTED

LOOK_EVERY_S = 0.5


async def sync(
    secret: str,
    /,
    *,
    timeout: Duration = timedelta(minutes=1),  # noqa: ASYNC109 - a flag
    common: Common = NO_OPTIONS,
) -> Exit:
    """Deliver one secret now, past every back-off, and show what came of it in each cluster.

    The controller does the work. An ExternalSecret is looked for in the clusters that -c chooses,
    without it on the hub and in every member. Exit code 3: something failed or no controller runs;
    4: refused; 5: not done in time; 6: held; 7: conflict.

    Args:
        secret: NAMESPACE/NAME.
        timeout: How long to wait for the controller; default 1m.
    """
    ref = parse_ref(secret, common.namespace)
    async with open_hub(common) as hub:
        await require_installed(hub)
        is_annotated = await find_annotated(hub, ref)
        is_declared = is_annotated or await _find(hub, ref) is not None
        if is_declared:
            await require_controller(hub)
            deliver = _sync_annotated if is_annotated else _sync_declared
            standing = await deliver(hub, ref, timeout, common)
        else:
            standing = await _sync_foreign(hub, ref, timeout, common)
        now = hub.clock.now()
    show(standings_answer([standing], now=now, wide=not common.is_machine_readable), common)
    return exit_of_states(each.state for each in standing.clusters)


async def _find(hub: Hub, ref: Ref) -> object | None:
    return await hub.client.find_metadata(FLEETSECRETS, ref.name, namespace=ref.namespace)


async def _sync_foreign(hub: Hub, ref: Ref, within: timedelta, common: Common) -> Standing:
    """Ask by annotation and wait until its store was asked again, or that failed."""
    async with seat_of(hub, common, ref) as seat:
        if seat is None:
            raise unknown_secret([ref])
        await require_controller(hub)
        before = _asked(seat.found.document)
        body = {"metadata": {"annotations": {SYNC_REQUESTED: _new_token(hub)}}}
        resource = seat.found.resource
        await seat.client.merge_patch(resource, ref.name, body, namespace=ref.namespace)
        if not seat.found.has_status:
            return await _looked_at(hub, ref, seat.found.origin.kind, within, common)

        def is_done(document: Document | None) -> bool:
            return document is None or _asked(document) != before

        document, is_true = await follow_at(seat.client, resource, ref, is_done, within=within)
        if document is None:
            raise unknown_secret([ref])
        if not is_true:
            raise _late(ref)
        return seat.standing(document)


def _asked(document: Mapping[str, Any]) -> tuple[object, ...]:
    status = document.get("status") or {}
    return status.get("refreshTime"), status.get("syncedResourceVersion"), status.get("conditions")


async def _sync_declared(hub: Hub, ref: Ref, within: timedelta, _common: Common) -> Standing:
    token = _new_token(hub)
    body = {"metadata": {"annotations": {SYNC_REQUESTED: token}}}
    await hub.client.merge_patch(FLEETSECRETS, ref.name, body, namespace=ref.namespace)

    def is_handled(document: Document | None) -> bool:
        return document is None or standing_of(document).sync_handled == token

    document, is_done = await follow(hub, ref, is_handled, within=within)
    if document is None:
        raise unknown_secret([ref])
    if not is_done:
        raise _late(ref)
    return standing_of(document)


async def _sync_annotated(hub: Hub, ref: Ref, within: timedelta, common: Common) -> Standing:
    """Ask by annotation and look."""
    name = f"{await installed_domain(hub)}/{SYNC_REQUESTED.partition('/')[2]}"
    body = {"metadata": {"annotations": {name: _new_token(hub)}}}
    await hub.client.merge_patch(SECRETS, ref.name, body, namespace=ref.namespace)
    return await _looked_at(hub, ref, ANNOTATED, within, common)


async def _looked_at(hub: Hub, ref: Ref, kind: str, within: timedelta, common: Common) -> Standing:
    """Look at what has no status until nothing is left for the controller to do."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            while True:
                found = await survey(hub, common, Scope((ref,)))
                standing = next(each for each in found if each.kind == kind)
                if not standing.is_waiting:
                    return standing
                await hub.clock.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise _late(ref) from None


def _new_token(hub: Hub) -> str:
    return f"{timestamp(hub.clock.now())}-{secrets.token_hex(4)}"


def _late(ref: Ref) -> NotReadyError:
    return NotReadyError(
        TIMED_OUT,
        "the controller did not finish in time",
        str(ref),
        hint=f"`keyfleet status {ref} -o wide` shows how far it is",
    )
