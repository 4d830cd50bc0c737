# SPDX-License-Identifier: Apache-2.0
"""Read the sealing keys of clusters as the operator."""

from collections.abc import Iterable
from dataclasses import replace

from keyfleet.base.errors import KeyfleetError, PermanentError, UnreachableError
from keyfleet.base.tasks import all_of
from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.members import Members
from keyfleet.cli.options import Common
from keyfleet.cli.sealing.keyring.ring import BACKED_UP, Ring, RingKey
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.engine.sealing.keysecrets import (
    DEFAULT_NAMESPACE,
    KeySecret,
    KeySecrets,
    by_age,
)
from keyfleet.model.plan import State


async def read_rings(
    members: Members,
    common: Common,
    *,
    only: Iterable[str] | None = None,
    namespace: str = DEFAULT_NAMESPACE,
) -> dict[str, Ring]:
    """Return the keys of clusters, by the clusters' names; one that fails says so in its ring.

    Args:
        members: The fleet.
        common: Which clusters are chosen.
        only: Names to look for among them, own ones or aliases; None: all.
        namespace: Where each keeps its key Secrets.
    """
    contacts = await reached(members, common, only=only)
    once = {id(contact): contact for contact in contacts.values()}
    found = await all_of((_ring(contact, namespace) for contact in once.values()), name="keys")
    rings = dict(zip(once, found, strict=True))
    return {text: replace(rings[id(each)], cluster=text) for text, each in contacts.items()}


async def reached(
    members: Members, common: Common, *, only: Iterable[str] | None = None
) -> dict[str, Contact]:
    """Return the chosen clusters, contacted, by the names that they were asked for."""
    facts = members.live.facts()
    chosen = chosen_clusters(facts, common)
    names = [each for each in facts if chosen is None or each.name in chosen]
    called = {str(each.name): each.name for each in names}
    if only is not None:
        called = {text: each.name for text in only for each in names if each.answers_to(text)}
    asked = list(dict.fromkeys(called.values()))
    contacts = dict(zip(asked, await members.contact(asked), strict=True))
    return {text: contacts[name] for text, name in called.items()}


def ring_of(cluster: str, found: KeySecrets) -> Ring:
    """Return the ring of what a cluster keeps."""
    active = by_age(found.found)
    others = [each for each in found.found if not each.is_active]
    keys = [_ring_key(each) for each in (*active, *others)]
    problems = tuple(error for _, error in found.broken)
    return Ring(cluster, tuple(keys), keys[0] if active else None, problems)


async def _ring(contact: Contact, namespace: str) -> Ring:
    name = str(contact.snapshot.name)
    if contact.member is None:
        return Ring(name, problems=(unreached(contact),), is_known=False)
    try:
        return ring_of(name, await list_key_secrets(contact.member.client, namespace))
    except KeyfleetError as error:
        return Ring(name, problems=(error,), is_known=False)


def unreached(contact: Contact) -> KeyfleetError:
    """Return why a cluster cannot be used."""
    problem, name = contact.problem, str(contact.snapshot.name)
    if problem is None or problem.state is State.UNREACHABLE:
        return UnreachableError("cluster.unreachable", "cluster cannot be reached", name)
    return PermanentError("cluster.unusable", problem.message, name, problem.hint)


def _ring_key(found: KeySecret) -> RingKey:
    metadata = found.metadata
    return RingKey(
        found.key,
        found.state,
        f"{metadata.namespace}/{metadata.name}",
        found.certificate,
        (metadata.annotations or {}).get(BACKED_UP, ""),
        found.is_active,
    )
