# SPDX-License-Identifier: Apache-2.0
"""Collect how secrets stand: FleetSecrets by their status, annotated Secrets by looking."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.declared import Declared, declared_on_hub
from keyfleet.cli.foreign import Found, asking_kinds, counting, manifests_in
from keyfleet.cli.hub import Hub, installed_domain
from keyfleet.cli.options import Common
from keyfleet.cli.planning import Look, look_at
from keyfleet.cli.refs import Ref, Scope
from keyfleet.cli.standing import (
    Standing,
    foreign_standing,
    live_standing,
    rejected_standing,
    standing_of,
)
from keyfleet.dialects import annotated
from keyfleet.engine.hubobjects import HUB
from keyfleet.engine.livefleet import Contact
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SECRETS
from keyfleet.model.intent import Intent, Rejection
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Finding, State

ANNOTATED = "Secret"


async def survey(hub: Hub, common: Common, scope: Scope) -> list[Standing]:
    """Return how the secrets of a scope stand, by name.

    Raises:
        InvalidInputError: A named one does not exist.
    """
    declared = await declared_on_hub(hub, common.namespace)
    stored = [standing_of(document) for document in declared.documents]
    found = [each for each in stored if scope.covers(each.namespace, each.name)]
    if common.cluster:
        found = [each.within(lambda name: _is_chosen(name, common)) for each in found]
    looked_at = [each for each in declared.intents if _is_annotated(each, scope)]
    if looked_at:
        async with look_at(hub, declared, common) as look:
            found += await _look_live(look, looked_at)
    found += [
        _refused(each)
        for each in declared.rejections
        if each.key.kind == ANNOTATED and scope.covers(each.key.namespace, each.key.name)
    ]
    found += await _foreign(hub, declared, common, scope)
    scope.require(Ref(each.namespace, each.name) for each in found)
    return sorted(found, key=lambda each: (each.namespace, each.name, each.kind, each.cluster))


async def _foreign(hub: Hub, declared: Declared, common: Common, scope: Scope) -> list[Standing]:
    """Return how other tools' manifests stand, of the hub and of members where they count."""
    kinds = asking_kinds(declared.domain)
    found = await manifests_in(hub.client, kinds, namespace=scope.namespace)
    meant = await counting(hub.client, kinds)
    named: dict[str, ClusterName] = {}
    looked_at: list[Standing] = []
    if found or meant:
        async with look_at(hub, declared, common) as look:
            for contact in await contacts_of(look):
                name = contact.snapshot.name
                if contact.member is not None and contact.member.facts.is_hub:
                    named[HUB] = name
                elif contact.member is not None and not contact.member.facts.is_agent:
                    here = contact.member.client
                    found += await manifests_in(here, meant, name, namespace=scope.namespace)
            if common.cluster and HUB not in named:
                found = [each for each in found if each.origin.cluster]
            near = [each for each in found if scope.covers(*_named(each))]
            looked_at = await _look_at_silent(look, [each for each in near if not each.has_status])
            found = [each for each in near if each.has_status]
    hub_name = named.get(HUB, ClusterName("hub"))
    return [*looked_at, *(standing_of_found(each, hub_name) for each in found)]


async def _look_at_silent(look: Look, found: Sequence[Found]) -> list[Standing]:
    """Return how manifests stand on which no controller writes that: by looking."""
    refused = [_refused(one) for each in found for one in each.translation.rejections]
    intents = [one for each in found for one in each.translation.intents]
    if not intents:
        return refused
    declared = replace(look.declared, intents=(*look.declared.intents, *intents))
    return refused + await _look_live(replace(look, declared=declared), intents)


def standing_of_found(found: Found, hub: ClusterName = ClusterName("hub")) -> Standing:
    """Return how another tool's manifest stands.

    Args:
        found: The manifest.
        hub: What the hub is called in the fleet.
    """
    here = found.origin.cluster or hub
    return foreign_standing(found.document, found.origin, here, condition=found.condition)


@dataclass(frozen=True, slots=True)
class Seat:
    """Another tool's manifest of one name, and how to ask for it."""

    client: Client
    found: Found
    here: ClusterName
    """What its cluster is called in the fleet."""

    async def is_there(self) -> bool:
        """Tell whether it is still there."""
        origin, resource = self.found.origin, self.found.resource
        found = await self.client.find_metadata(resource, origin.name, namespace=origin.namespace)
        return found is not None

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """Return how it stands."""
        return standing_of_found(replace(self.found, document=document), self.here)


@asynccontextmanager
async def seat_of(hub: Hub, common: Common, ref: Ref) -> AsyncIterator[Seat | None]:
    """Give another tool's manifest of this name, where one is on the hub or in a chosen member.

    Raises:
        InvalidInputError: `cli.ambiguous_secret`: several clusters have one.
    """
    declared = await declared_on_hub(hub, common.namespace)
    kinds = asking_kinds(declared.domain)
    meant = await counting(hub.client, kinds)
    own = [] if common.cluster else await manifests_in(hub.client, kinds, namespace=ref.namespace)
    seats = [Seat(hub.client, each, ClusterName("hub")) for each in own]
    if not meant:
        yield _only(seats, ref)
        return
    async with look_at(hub, declared, common) as look:
        for contact in await contacts_of(look):
            member, name = contact.member, contact.snapshot.name
            if member is not None and not (member.facts.is_hub or member.facts.is_agent):
                found = await manifests_in(member.client, meant, name, namespace=ref.namespace)
                seats += [Seat(member.client, each, name) for each in found]
        yield _only(seats, ref)


def _only(seats: Sequence[Seat], ref: Ref) -> Seat | None:
    named = [seat for seat in seats if _named(seat.found) == (ref.namespace, ref.name)]
    if len(named) > 1:
        raise InvalidInputError(
            "cli.ambiguous_secret",
            "several clusters declare one of this name",
            f"{ref}: {', '.join(sorted(seat.here for seat in named))}",
            hint="say which with -c",
        )
    return named[0] if named else None


async def contacts_of(look: Look) -> list[Contact]:
    """Contact the clusters that are chosen."""
    names = [
        facts.name
        for facts in look.members.live.facts()
        if look.clusters is None or facts.name in look.clusters
    ]
    return await look.members.contact(names)


async def find_annotated(hub: Hub, ref: Ref) -> bool:
    """Tell whether a Secret of the hub is a declaration by its annotations."""
    found = await hub.client.find_metadata(SECRETS, ref.name, namespace=ref.namespace)
    if found is None:
        return False
    kinds = annotated.dialect(await installed_domain(hub)).kinds
    return any(kind.wanted(found) for kind in kinds)


async def _look_live(look: Look, intents: list[Intent]) -> list[Standing]:
    keys = {each.key for each in intents}
    refs = tuple(Ref(key.namespace, key.name) for key in sorted(keys))
    plan = await look.narrowed(Scope(refs)).plan(prune=False)
    steps = [one.step for one in plan.planned]
    found = []
    for each in intents:
        standing = live_standing(each, [step for step in steps if step.intent == each.key])
        found.append(replace(standing, cluster=each.key.cluster))
    return found


def _refused(rejection: Rejection) -> Standing:
    key = rejection.key
    finding = Finding(State.FAILED, rejection.reason, f"{rejection.path}: {rejection.message}")
    standing = rejected_standing(key.kind, key.namespace, key.name, finding)
    return replace(standing, cluster=key.cluster)


def _named(found: Found) -> tuple[str, str]:
    return found.origin.namespace, found.origin.name


def _is_annotated(intent: Intent, scope: Scope) -> bool:
    key = intent.key
    return key.kind == ANNOTATED and scope.covers(key.namespace, key.name)


def _is_chosen(name: str, common: Common) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in common.cluster)
