# SPDX-License-Identifier: Apache-2.0
"""`keyfleet wait`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from typing import Annotated

from cyclopts import Parameter

from keyfleet.cli.duration import Duration
from keyfleet.cli.exits import Exit
from keyfleet.cli.following import Document, follow, follow_at
from keyfleet.cli.hub import Hub, open_hub, require_installed
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.refs import Ref, Scope, parse_ref
from keyfleet.cli.standing import Standing, standing_of
from keyfleet.cli.standings import standings_answer
from keyfleet.cli.surveying import Seat, find_annotated, seat_of, survey
from keyfleet.cli.terminal import note
from keyfleet.model.plan import State

LOOK_EVERY_S = 1.0
"""Annotated Secrets have no status to watch."""


class Wanted(StrEnum):
    """What is waited for."""

    READY = "Ready"
    """Every cluster is InSync; paused ones do not count."""
    IN_SYNC = "InSync"
    """Every cluster is InSync."""
    GONE = "Gone"
    """The declaration is deleted."""


async def wait(
    secret: str,
    /,
    *,
    for_: Annotated[Wanted, Parameter(name="--for")] = Wanted.IN_SYNC,
    timeout: Duration = timedelta(minutes=5),  # noqa: ASYNC109 - a flag
    common: Common = NO_OPTIONS,
) -> Exit:
    """Block until a secret is in sync; a secret that is not declared yet is waited for.

    Exit code 5 when the time is over, with what is missing. With -c only those clusters count; an
    ExternalSecret is looked for there, and without -c on the hub and in every member.

    Args:
        secret: NAMESPACE/NAME.
        for_: InSync: every cluster; Ready: paused clusters do not count; Gone: the declaration was
            deleted.
        timeout: How long to wait, such as 90s; default 5m.
    """
    ref = parse_ref(secret, common.namespace)
    async with open_hub(common) as hub:
        await require_installed(hub)
        if await find_annotated(hub, ref):
            annotated = partial(find_annotated, hub, ref)
            standing, is_true = await _wait_live(hub, ref, for_, timeout, common, annotated)
        else:
            async with seat_of(hub, common, ref) as seat:
                if seat is not None and not seat.found.has_status:
                    there = seat.is_there
                    standing, is_true = await _wait_live(hub, ref, for_, timeout, common, there)
                elif seat is not None:
                    standing, is_true = await _wait_there(seat, ref, for_, timeout)
                else:
                    document, is_true = await follow(
                        hub, ref, lambda found: holds(found, for_, common), within=timeout
                    )
                    standing = _standing(document, common)
        now = hub.clock.now()
    if standing is not None:
        show(standings_answer([standing], now=now, wide=common.is_wide), common)
    if is_true:
        return Exit.DONE
    note(f"Error: not {for_} within {timeout.total_seconds():g} s: {missing(ref, standing)}")
    return Exit.TIMED_OUT


async def _wait_there(
    seat: Seat, ref: Ref, wanted: Wanted, within: timedelta
) -> tuple[Standing | None, bool]:
    def is_true(document: Document | None) -> bool:
        if wanted is Wanted.GONE or document is None:
            return wanted is Wanted.GONE and document is None
        return _is_as_wanted(seat.standing(document), wanted)

    found = await follow_at(seat.client, seat.found.resource, ref, is_true, within=within)
    return (seat.standing(found[0]) if found[0] is not None else None), found[1]


async def _wait_live(
    hub: Hub,
    ref: Ref,
    wanted: Wanted,
    within: timedelta,
    common: Common,
    is_there: Callable[[], Awaitable[bool]],
) -> tuple[Standing | None, bool]:
    standing: Standing | None = None
    try:
        async with asyncio.timeout(within.total_seconds()):
            while await is_there():
                standing = (await survey(hub, common, Scope((ref,))))[0]
                if _is_as_wanted(standing, wanted):
                    return standing, True
                await hub.clock.sleep(LOOK_EVERY_S)
    except TimeoutError:
        return standing, False
    return None, wanted is Wanted.GONE


def holds(document: Document | None, wanted: Wanted, common: Common) -> bool:
    """Tell whether what is waited for is true of a FleetSecret (None: absent)."""
    if wanted is Wanted.GONE:
        return document is None
    standing = _standing(document, common)
    return standing is not None and _is_as_wanted(standing, wanted)


def _standing(document: Document | None, common: Common) -> Standing | None:
    if document is None:
        return None
    standing = standing_of(document)
    if not common.cluster:
        return standing
    return standing.within(
        lambda name: any(fnmatchcase(name, pattern) for pattern in common.cluster)
    )


def _is_as_wanted(standing: Standing, wanted: Wanted) -> bool:
    accepted = {State.IN_SYNC, State.PAUSED} if wanted is Wanted.READY else {State.IN_SYNC}
    states = {state for state, count in (standing.counts or {}).items() if count}
    if standing.is_partial:
        return bool(states) and states <= accepted
    return standing.ready == "True" and states <= accepted


def missing(ref: Ref, standing: Standing | None) -> str:
    """Return what keeps a secret from being as wanted."""
    if standing is None:
        return f"{ref} is not declared"
    if standing.ready != "True" and not standing.clusters:
        return f"{ref}: {standing.message or standing.reason}"
    behind = [each for each in standing.clusters if each.state is not State.IN_SYNC]
    if not behind:
        return f"{ref}: {standing.message or standing.reason}"
    worst = behind[0]
    text = f"{worst.cluster} is {worst.state}, {worst.reason}: {worst.message}".rstrip(": ,")
    more = f" (and {len(behind) - 1} more)" if len(behind) > 1 else ""
    return f"{text}{more}"
