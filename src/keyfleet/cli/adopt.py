# SPDX-License-Identifier: Apache-2.0
"""`keyfleet adopt`."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.errors import DeniedError, InvalidInputError, KeyfleetError, OwnershipError
from keyfleet.base.tasks import all_of
from keyfleet.cli.adopting import (
    Candidate,
    adoption_answer,
    candidates,
    foreign,
    foreign_answer,
)
from keyfleet.cli.confirming import Yes, confirm
from keyfleet.cli.controller import leader
from keyfleet.cli.declared import declared_on_hub
from keyfleet.cli.exits import Exit, exit_of_states
from keyfleet.cli.hub import Hub, open_hub, require_installed
from keyfleet.cli.members import Members
from keyfleet.cli.notes import tell_findings
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.planning import Look, look_at
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.terminal import note
from keyfleet.delivery.deliver import deliver
from keyfleet.engine.identity import read_identity
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.markedlist import list_marked
from keyfleet.engine.obstacles import failure_finding
from keyfleet.model.ownership import (
    HUB_LABEL,
    SYSTEM_NAMESPACE,
    hub_label,
)
from keyfleet.model.plan import State

_Flag = Annotated[bool, Parameter(negative="")]


async def adopt(
    *,
    from_hub: Annotated[str, Parameter(metavar="UID")] = "",
    unverified: _Flag = False,
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    dry_run: _Flag = False,
    yes: Yes = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Take over the targets of a hub that is lost, or of a key that is lost.

    Without --from-hub and --unverified: show whose targets there are. A target is taken over where
    this hub declares it; only its marks are written, no value. Declare first, then adopt. Refused
    while the other hub still has a controller that runs.

    Args:
        from_hub: UID of the lost hub's kube-system, as `keyfleet adopt` shows it.
        unverified: Targets of this hub whose marks are signed under a key that is lost.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
        dry_run: Show what would be taken over and write nothing.
        yes: Do not ask.
    """
    if from_hub and unverified:
        raise InvalidInputError("cli.usage", "one of the two at a time", "--from-hub, --unverified")
    async with open_hub(common) as hub:
        await require_installed(hub)
        declared = await declared_on_hub(hub, common.namespace)
        own = (await read_identity(hub.client, hub.access.endpoint)).uid
        whose = _whose(from_hub, own, is_unverified=unverified)
        adopts = frozenset({whose} - {""})
        async with look_at(
            hub, declared, common, adopts=adopts, key_namespace=key_namespace
        ) as look:
            contacts = await _contacts(look)
            if not whose:
                return await _survey(contacts, look, common)
            if whose != own:
                await _refuse_living(whose, look.members, hub)
            found = await _candidates(contacts, whose, look)
            if not dry_run:
                found = await _adopt(found, contacts, look, is_yes=yes)
    show(adoption_answer(found), common)
    tell_findings([(each.place, each.finding) for each in found], common)
    return _exit(found, contacts)


def _whose(from_hub: str, own: str, *, is_unverified: bool) -> str:
    if from_hub == own:
        raise InvalidInputError(
            "cli.usage",
            "this is that hub",
            from_hub,
            hint="--unverified takes over what a lost key of it signed",
        )
    return own if is_unverified else from_hub


async def _contacts(look: Look) -> list[Contact]:
    facts = [each for each in look.members.live.facts() if not each.is_agent]
    chosen = [each.name for each in facts if look.clusters is None or each.name in look.clusters]
    found = {each.snapshot.name: each for each in await look.members.contact(chosen)}
    for contact in found.values():
        if contact.problem is not None:
            note(f"Warning: {contact.problem.advice}")
    return list(found.values())


async def _survey(contacts: Iterable[Contact], look: Look, common: Common) -> Exit:
    found = []
    for contact in contacts:
        if contact.member is not None:
            marked = await list_marked(contact.member.client, HUB_LABEL)
            found += foreign(contact.member.facts, marked, look.members.live.installation)
    show(foreign_answer(found), common)
    return _exit([], contacts)


async def _refuse_living(whose: str, members: Members, hub: Hub) -> None:
    """Make sure that nobody serves these targets: two hubs would write against each other.

    Raises:
        OwnershipError: A known cluster is that hub, and a controller leads there.
    """
    suspects = [each.name for each in members.live if each.pinned_uid in ("", whose)]
    for contact in await members.contact(suspects):
        if contact.identity is None and contact.snapshot.pinned_uid == whose:
            note(f"Warning: {contact.snapshot.name} was that hub and does not answer now")
        if contact.member is None or contact.member.facts.uid != whose:
            continue
        try:
            found = await leader(contact.member.client, hub.clock)
        except DeniedError:
            note(f"Warning: whether a controller runs in {contact.snapshot.name} is not for you")
            continue
        if found.is_fresh:
            raise OwnershipError(
                "cli.hub_lives",
                "that hub lives: a controller serves its targets",
                f"{contact.snapshot.name}, {found.holder}",
                hint="stop it first; a target has one hub",
            )


async def _candidates(contacts: Iterable[Contact], whose: str, look: Look) -> list[Candidate]:
    plan = await look.plan(prune=False)
    steps = {(one.step.intent, one.step.place): one.step for one in plan.planned}
    found = []
    for contact in contacts:
        if contact.member is None:
            continue
        client, facts = contact.member.client, contact.member.facts
        marked = await list_marked(client, f"{HUB_LABEL}={hub_label(whose)}")
        found += candidates(facts, marked, steps, look.members.live.installation)
    return sorted(found, key=lambda each: each.place)


async def _adopt(
    found: list[Candidate], contacts: list[Contact], look: Look, *, is_yes: bool
) -> list[Candidate]:
    count = sum(each.step is not None for each in found)
    if not count:
        return found
    if look.members.live.installation.ring.ephemeral:
        raise DeniedError(
            "cli.no_key",
            "the key that signs may not be read",
            f"Secret {SYSTEM_NAMESPACE}/{KEY_SECRET} of the hub",
            hint="adopt as somebody who may read that Secret",
        )
    clusters = len({each.place.cluster for each in found if each.step is not None})
    confirm(f"Take over {count} Secrets in {clusters} clusters?", "adopt", is_yes=is_yes)
    return await all_of((_write(each, contacts) for each in found), name="adopt")


async def _write(each: Candidate, contacts: list[Contact]) -> Candidate:
    member = next(one.member for one in contacts if one.snapshot.name == each.place.cluster)
    if each.step is None or member is None:
        return each
    try:
        await deliver(each.step, member.client)
    except KeyfleetError as error:
        return replace(each, finding=failure_finding(each.place, error))
    return replace(each, is_done=True)


def _exit(found: Iterable[Candidate], contacts: Iterable[Contact]) -> Exit:
    # What is not declared here is left on purpose, and no failure.
    states = [
        each.finding.state
        for each in found
        if each.finding is not None and each.finding.reason != "NotDeclared"
    ]
    problems = [contact.problem.state for contact in contacts if contact.problem is not None]
    return exit_of_states([*states, *(State(problem) for problem in problems)])
