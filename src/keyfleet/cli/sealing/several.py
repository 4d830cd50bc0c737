# SPDX-License-Identifier: Apache-2.0
"""Seal for each of several clusters: which ones, and what becomes of a tree of files."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import open_members
from keyfleet.cli.options import Common
from keyfleet.cli.sealing.certificates.fleet import Recipient, read_fleet, read_folder
from keyfleet.cli.sealing.certificates.service import ServiceName
from keyfleet.cli.sealing.files.documents import Document
from keyfleet.cli.sealing.files.layout import Existing, Fate, Tree, Writing, laid_out
from keyfleet.cli.sealing.files.plain import PlainSecret
from keyfleet.cli.sealing.files.writing import write_all
from keyfleet.cli.sealing.options.flags import Fleet
from keyfleet.cli.sealing.sealing import sealed_secret
from keyfleet.cli.terminal import note
from keyfleet.kube.client import Client

_HINTS = {
    Fate.HELD: "whether it holds the same values cannot be known: --force seals it anew, --keep "
    "leaves it",
    Fate.CONFLICT: "it is something else than this SealedSecret: --force replaces it",
}
_EXITS = {Fate.HELD: Exit.HELD, Fate.CONFLICT: Exit.CONFLICT}


async def chosen_recipients(fleet: Fleet, common: Common, service: ServiceName) -> list[Recipient]:
    """Return the clusters that the flags choose.

    Raises:
        KeyfleetError: They choose none, or one that is not known.
    """
    if not (common.cluster or common.cluster_selector):
        hint = "--clusters a,b or --clusters env=production; --clusters '*' for all"
        raise InvalidInputError("cli.usage", "for which clusters?", hint=hint)
    found = (
        await read_folder(fleet.cert_dir, common)
        if fleet.cert_dir
        else await read_fleet(common, service)
    )
    if not found:
        raise InvalidInputError(
            "cli.unknown_cluster", "no cluster is chosen", common.cluster_selector
        )
    return found


@asynccontextmanager
async def chosen_client(common: Common) -> AsyncIterator[Client]:
    """Give the one cluster that -c chooses, else the hub.

    Raises:
        KeyfleetError: Several are chosen, or it cannot be reached.
    """
    async with open_hub(common) as hub:
        if not (common.cluster or common.cluster_selector):
            yield hub.client
            return
        async with open_members(hub) as members:
            names = chosen_clusters(members.live.facts(), common) or frozenset()
            contacts = await members.contact(sorted(names))
            reached = {
                contact.snapshot.name: contact.member.client
                for contact in contacts
                if contact.member is not None
            }
            if len(names) != 1 or not reached:
                hint = "one that can be reached: -c NAME"
                raise InvalidInputError("cli.usage", "which cluster?", ", ".join(names), hint)
            yield next(iter(reached.values()))


def seal_for_each(
    fleet: Fleet, recipients: Sequence[Recipient], secrets: Sequence[PlainSecret]
) -> tuple[list[Document], Exit]:
    """Return the stream to print, and the exit code; with --into files are written instead.

    A cluster without a usable certificate is told, and the others get theirs.
    """
    codes: set[Exit] = set()
    documents: list[Document] = []
    for recipient in recipients:
        try:
            certificate = recipient.required()
            if fleet.into is None:
                documents += [
                    sealed_secret(each, certificate, recipient.cluster) for each in secrets
                ]
            else:
                codes |= _write(_tree(fleet, fleet.into), recipient, secrets)
        except KeyfleetError as error:
            note(f"{recipient.cluster}: {error.diagnostics()}")
            codes.add(Exit.FAILED)
    if not codes:
        return documents, Exit.DONE
    return documents, codes.pop() if len(codes) == 1 else Exit.FAILED


def _tree(fleet: Fleet, root: Path) -> Tree:
    existing = (
        Existing.REPLACE if fleet.force else Existing.KEEP if fleet.keep else Existing.COMPARE
    )
    return Tree(root, fleet.module, existing)


def _write(tree: Tree, recipient: Recipient, secrets: Sequence[PlainSecret]) -> set[Exit]:
    """Write the files of one cluster: all, or none where one of them may not be."""
    writing = laid_out(tree, recipient, secrets)
    stopped = {_EXITS[fate] for fate in writing.fates.values() if fate in _EXITS}
    if not stopped:
        write_all(list(writing.changes.values()))
    _tell(writing, is_stopped=bool(stopped))
    return stopped


def _tell(writing: Writing, *, is_stopped: bool) -> None:
    for path, fate in sorted(writing.fates.items()):
        if fate in _HINTS:
            note(f"{fate}: {path}: {_HINTS[fate]}")
        elif is_stopped and fate is Fate.WRITTEN:
            note(f"not written: {path}: all files of a cluster are, or none")
        else:
            note(f"{fate}: {path}")
    for text in [] if is_stopped else writing.notes:
        note(text)
