# SPDX-License-Identifier: Apache-2.0
"""Ask everything that `doctor` looks at; what cannot be asked becomes None and harms no other."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.keyring import split_digest
from keyfleet.base.tasks import all_of
from keyfleet.cli.controller import leader
from keyfleet.cli.declared import declared_on_hub
from keyfleet.cli.doctor.facts import ClusterSheet, HubSheet, Login, Target
from keyfleet.cli.doctor.login import login_of
from keyfleet.cli.doctor.manifests import Manifests
from keyfleet.cli.doctor.sealed import sealed_sheet, sealing_ring
from keyfleet.cli.foreign import asking_kinds
from keyfleet.cli.hub import Hub, installed_domain
from keyfleet.cli.members import Members
from keyfleet.engine.declarations.claims import is_own
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.engine.live import LiveMember
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.markedlist import list_marked
from keyfleet.kube.client import Client
from keyfleet.kube.resources import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    CONFIGMAPS,
    CRDS,
    FLEETSECRETS,
    NAMESPACES,
    SECRETS,
    Resource,
)
from keyfleet.manifests import SYSTEM_NAMESPACE, everything
from keyfleet.manifests.everything import DEFAULT_DOMAIN
from keyfleet.manifests.rights import Part, Right
from keyfleet.manifests.rights import rights as rights_of
from keyfleet.model.held import HELD_CONFIGMAP, HeldPlan, held_plans_of
from keyfleet.model.ownership import (
    HUB_LABEL,
    MARKED,
    Installation,
    spot_in,
)
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Finding, State

T = TypeVar("T")

REFLECTOR = "reflector.v1.k8s.emberstack.com/"
_INSTALLED = {
    each.kind: each for each in (NAMESPACES, CRDS, ADMISSION_POLICIES, ADMISSION_BINDINGS)
}
_ANYTHING = Resource("*", "", "*", "*")


async def _or_none(asking: Awaitable[T]) -> T | None:
    try:
        return await asking
    except KeyfleetError:
        return None


async def hub_sheet(hub: Hub, members: Members) -> HubSheet:
    """Return what there is to know of the hub.

    Raises:
        KeyfleetError: It does not answer at all.
    """
    client = hub.client
    if not await client.serves(FLEETSECRETS):
        return HubSheet(key_ids=None)
    domain = await installed_domain(hub)
    missing, drifted = await _installation(client, domain)
    try:
        declared: frozenset[IntentKey] | None = await _declared(hub)
    except KeyfleetError:
        declared = None
    return HubSheet(
        is_installed=True,
        missing=missing,
        drifted=drifted,
        leader=await _or_none(leader(client, hub.clock)),
        held=await _or_none(_held(client)),
        declared=declared,
        clusters=tuple(dict(each) for each in members.documents.values()),
        key_ids=await _or_none(_key_ids(client)),
    )


async def _declared(hub: Hub) -> frozenset[IntentKey]:
    found = await declared_on_hub(hub)
    rejected = [
        IntentKey(r.origin.kind, r.origin.namespace, r.origin.name) for r in found.rejections
    ]
    return frozenset([*(intent.key for intent in found.intents), *rejected])


async def _held(client: Client) -> tuple[HeldPlan, ...]:
    found = await client.find(CONFIGMAPS, HELD_CONFIGMAP, namespace=SYSTEM_NAMESPACE)
    return held_plans_of((found or {}).get("data") or {})


async def _key_ids(client: Client) -> tuple[str, ...]:
    found = await client.find_secret(SYSTEM_NAMESPACE, KEY_SECRET)
    return tuple(sorted(found.data, reverse=True)) if found is not None else ()


async def _installation(
    client: Client, domain: str
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    missing, drifted = [], []
    try:
        for wanted in everything(domain):
            resource, name = _INSTALLED[wanted["kind"]], wanted["metadata"]["name"]
            live = await client.find(resource, name)
            if live is None:
                missing.append(f"{resource.kind} {name}")
            elif not is_within(wanted, live):
                drifted.append(f"{resource.kind} {name}")
    except KeyfleetError:
        return tuple(missing), None
    return tuple(missing), tuple(drifted)


def is_within(wanted: Any, live: Any) -> bool:
    """Tell whether everything that is wanted is there; what the server adds does not count.

    >>> is_within({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}], "d": 3})
    True
    >>> is_within({"a": [1, 2]}, {"a": [1]})
    False
    """
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            # The server leaves out what is empty.
            not part or (key in live and is_within(part, live[key])) or live.get(key) == part
            for key, part in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        is_list = isinstance(live, Sequence) and len(live) == len(wanted)
        return is_list and all(map(is_within, wanted, live))
    return bool(wanted == live)


async def cluster_sheets(
    contacts: Sequence[Contact], hub: Hub, members: Members, sheet: HubSheet
) -> tuple[ClusterSheet, ...]:
    """Return what there is to know of each cluster, asked side by side."""
    asked = [
        _cluster(contact, hub, members, sheet)
        for contact in contacts
        # Nobody connects to it, so there is nothing to ask.
        if not contact.snapshot.is_agent
    ]
    return tuple(await all_of(asked, name="examine"))


async def _cluster(contact: Contact, hub: Hub, members: Members, sheet: HubSheet) -> ClusterSheet:
    name, member = str(contact.snapshot.name), contact.member
    is_own = contact.snapshot.generation.startswith("context") or not contact.snapshot.is_declared
    login = await _or_none(_login(contact, is_own=is_own))
    if member is None:
        problem = contact.problem or Finding(State.UNREACHABLE, "Unreachable", "no answer")
        return ClusterSheet(name, problem=problem, login=login)
    try:
        return await _answering(contact, member, hub, members, sheet=sheet, login=login)
    except KeyfleetError as error:
        problem = Finding(State.UNREACHABLE, "Unreachable", error.message, hint=error.hint or "")
        return ClusterSheet(name, problem=problem, login=login)


async def _answering(
    contact: Contact,
    member: LiveMember,
    hub: Hub,
    members: Members,
    *,
    sheet: HubSheet,
    login: Login | None,
) -> ClusterSheet:
    client, us = member.client, members.live.installation
    began = hub.clock.monotonic()
    version = await client.version()
    latency_s = hub.clock.monotonic() - began
    # Who wants no part of a hub needs the rights of a member only.
    parts = [Part.MEMBER, *([Part.HUB] if member.facts.is_hub and sheet.is_installed else [])]
    wanted = [right for part in parts for right in rights_of(part)]
    return ClusterSheet(
        str(contact.snapshot.name),
        is_hub=member.facts.is_hub,
        uid=member.facts.uid,
        is_weak=contact.identity.is_weak if contact.identity else False,
        latency_s=latency_s,
        version=version,
        clock_offset_s=client.clock_offset_s,
        login=login,
        rights=await _or_none(_rights(client, wanted)),
        may_everything=await _or_none(client.can("*", _ANYTHING)),
        kinds=await _or_none(_kinds(client)),
        sealed=await _or_none(sealed_sheet(client)),
        ring=await _or_none(
            sealing_ring(client, str(contact.snapshot.name), members.live.keys.namespace)
        ),
        reflected=await _or_none(_reflected(client)),
        targets=await _or_none(_targets(member, us, sheet)),
        signing_key="" if us.ring.ephemeral else us.ring.signing_id,
    )


async def _login(contact: Contact, *, is_own: bool) -> Login:
    return await login_of(await contact.snapshot.open(), is_own=is_own)


async def _rights(client: Client, wanted: Sequence[Right]) -> dict[Right, bool]:
    answers = await all_of((_may(client, right) for right in wanted), name="rights")
    return dict(zip(wanted, answers, strict=True))


async def _may(client: Client, right: Right) -> bool:
    resource = Resource(right.group, "", right.resource, "")
    return await client.can(
        right.verb,
        resource,
        namespace=right.namespace,
        name=right.name,
        subresource=right.subresource,
    )


async def _kinds(client: Client) -> frozenset[str]:
    found = await client.list_metadata(CRDS)
    return frozenset(each.name for each in found if not is_own(each))


async def _reflected(client: Client) -> int:
    found = await client.list_metadata(SECRETS)
    return sum(any(name.startswith(REFLECTOR) for name in each.annotations or {}) for each in found)


async def _targets(member: LiveMember, us: Installation, sheet: HubSheet) -> tuple[Target, ...]:
    found, there = [], Manifests(member.client, asking_kinds(DEFAULT_DOMAIN))
    for each in (one.metadata for one in await list_marked(member.client, HUB_LABEL)):
        spot = spot_in(member.facts, each.namespace, each.name)
        holding = MARKED.claims(each.annotations or {}, spot, us)
        if holding.marker is not None:
            is_declared = await _is_declared(holding.marker.intent, there, sheet)
            key_id = split_digest(holding.marker.mac)[0]
            found.append(Target(each.namespace, each.name, holding, key_id, is_declared))
    return tuple(found)


async def _is_declared(key: IntentKey, there: Manifests, sheet: HubSheet) -> bool | None:
    if there.concern(key):
        return await there.declare(key)
    return None if sheet.declared is None else key in sheet.declared
