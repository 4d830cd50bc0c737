# SPDX-License-Identifier: Apache-2.0
"""`keyfleet uninstall`."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.tasks import all_of
from keyfleet.cli.confirming import Yes, confirm
from keyfleet.cli.exits import Exit, exit_of_error
from keyfleet.cli.hub import Hub, open_hub
from keyfleet.cli.members import Members, open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.removing import Removed, remove, remove_owners, take_lead
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note
from keyfleet.cli.uninstalling import Installed, Part, find_installed
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.markedlist import list_marked
from keyfleet.kube.resources import CRDS, NAMESPACES
from keyfleet.manifests import SYSTEM_NAMESPACE
from keyfleet.manifests.deployment import DEPLOYMENTS
from keyfleet.model.ownership import HUB_LABEL

_Flag = Annotated[bool, Parameter(negative="")]
Left = dict[str, int | None]
"""Delivered Secrets and SealedSecrets by cluster; None where that cannot be asked."""


async def uninstall(
    *,
    member: _Flag = False,
    keep_key: _Flag = False,
    dry_run: _Flag = False,
    yes: Yes = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Take Keyfleet out of a cluster; every delivered Secret stays and works.

    Stops the controller, removes owner references, then CRDs with everything declared, admission
    policies, roles and keyfleet-system. Copies keep their marks: after a later `install`,
    `keyfleet adopt --unverified` takes them over again.

    Args:
        member: Only what `install --member` made.
        keep_key: Leave keyfleet-system and the installation's key, so that a later `install` in
            this cluster knows its copies at once.
        dry_run: Show what would go and what stays, and change nothing.
        yes: Do not ask.
    """
    async with open_hub(common) as hub:
        installed = await find_installed(hub.client, is_member_only=member, keeps_key=keep_key)
        left: Left = {} if member else await _left(hub)
        _tell(installed)
        if dry_run or not (installed.parts or installed.owned):
            show(uninstall_answer([], installed, left), common)
            return Exit.DONE
        confirm("Take Keyfleet out of this cluster?", "uninstall", is_yes=yes)
        removed = await _remove(hub, installed, is_hub=not member)
    show(uninstall_answer(removed, installed, left), common)
    return _exit(removed)


async def _left(hub: Hub) -> Left:
    async with open_members(hub) as members:
        contacts = await members.contact(each.name for each in members.live)
        known = {contact.snapshot.name: contact for contact in contacts}
        counts = await all_of(
            (_count(contact, members) for contact in known.values()), name="count"
        )
        return dict(zip(map(str, known), counts, strict=True))


async def _count(contact: Contact, members: Members) -> int | None:
    if contact.member is None:
        return None
    labels = f"{HUB_LABEL}={members.live.installation.hub_label}"
    try:
        return len(await list_marked(contact.member.client, labels))
    except KeyfleetError:
        return None


def _tell(installed: Installed) -> None:
    for kind, count in installed.declared.items():
        if count:
            note(f"{count} objects of kind {kind} are deleted with their CRD")
    if installed.owned:
        note(f"{len(installed.owned)} Secrets lose their owner references to Keyfleet, and stay")
    if installed.strangers:
        names = ", ".join(installed.strangers)
        note(f"Namespace {SYSTEM_NAMESPACE} stays: it holds what Keyfleet did not make ({names})")


async def _remove(hub: Hub, installed: Installed, *, is_hub: bool) -> list[Removed]:
    first = [part for part in installed.parts if _serves(part, is_hub=is_hub)]
    removed = await _remove_parts(hub, first)
    if removed and removed[-1].problem is not None and not is_hub:
        # Who may still write here would tie Secrets to what is about to go.
        return removed
    if is_hub:
        await take_lead(hub.client, hub.clock, tell=note)
    for metadata in installed.owned:
        # Before anything is deleted; what cannot be let go of ends it here.
        await remove_owners(hub.client, metadata, installed.kinds)
    return removed + await _remove_parts(
        hub, [each for each in installed.parts if each not in first]
    )


async def _remove_parts(hub: Hub, parts: Sequence[Part]) -> list[Removed]:
    removed = []
    for part in parts:
        done = await remove(hub.client, hub.clock, part)
        removed.append(done)
        if done.problem is not None and part.resource not in (DEPLOYMENTS, NAMESPACES):
            note(f"Error: {part.label}: {done.problem.message}")
            if done.problem.hint:
                note(f"Hint: {done.problem.hint}")
            # What comes later may be what this part's objects rely on.
            break
    return removed


def _serves(part: Part, *, is_hub: bool) -> bool:
    """Tell whether a part lets a controller work here, which would put back what is let go."""
    # The controller of a member runs elsewhere, and is shut out by its rights.
    return part.resource is DEPLOYMENTS if is_hub else part.resource not in (CRDS, NAMESPACES)


def uninstall_answer(removed: Sequence[Removed], installed: Installed, left: Left) -> Answer:
    """Return what went and what stays in every format."""
    by_part = {done.part: "failed" if done.problem else "deleted" for done in removed}
    is_plan = not removed
    rows = [
        (by_part.get(part, "delete" if is_plan else "not tried"), part.resource.kind, part.name)
        for part in installed.parts
    ]
    return Answer(
        columns=tuple(map(Column, ("CHANGE", "KIND", "NAME"))),
        rows=rows,
        document={
            "items": [
                {
                    "apiVersion": part.resource.api_version,
                    "kind": part.resource.kind,
                    **({"namespace": part.namespace} if part.namespace else {}),
                    "name": part.name,
                    "change": row[0],
                }
                for part, row in zip(installed.parts, rows, strict=True)
            ],
            "released": [
                {"namespace": each.namespace, "name": each.name} for each in installed.owned
            ],
            "kept": list(installed.strangers),
            "left": _left_document(left),
        },
        names=[part.label for part in installed.parts],
        summary=_summary(left) if rows else "Keyfleet is not installed in this cluster",
    )


def _left_document(left: Left) -> list[dict[str, Any]]:
    return [
        {"cluster": name, **({"targets": count} if count is not None else {})}
        for name, count in sorted(left.items())
    ]


def _summary(left: Left) -> str:
    known = [f"{count} in {name}" for name, count in sorted(left.items()) if count]
    unknown = [name for name, count in sorted(left.items()) if count is None]
    parts = []
    if known:
        parts.append(f"delivered Secrets stay: {', '.join(known)}")
    if unknown:
        parts.append(f"not asked, since they do not answer: {', '.join(unknown)}")
    return "; ".join(parts)


def _exit(removed: Sequence[Removed]) -> Exit:
    problems = {exit_of_error(done.problem) for done in removed if done.problem is not None}
    if not problems:
        return Exit.DONE
    return problems.pop() if len(problems) == 1 else Exit.FAILED
