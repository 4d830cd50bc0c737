# SPDX-License-Identifier: Apache-2.0
"""`keyfleet keys restore`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.errors import ConflictError, InvalidInputError, KeyfleetError, PermanentError
from keyfleet.base.tasks import all_of
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.sealing.keyring.backup import KeptSecret, manifest_of
from keyfleet.cli.sealing.keyring.keeping import Identities, open_backup
from keyfleet.cli.sealing.keyring.rings import reached, unreached
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.sealing.keylisting import list_raw
from keyfleet.engine.sealing.keysecrets import read_all
from keyfleet.kube.resources import SECRETS

CREATED, PRESENT, CONFLICT, FAILED = "Created", "Present", "Conflict", "Failed"


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one key Secret."""

    kept: KeptSecret
    target: str
    """Cluster."""
    result: str
    problem: KeyfleetError | None = None


async def restore(
    file: Path,
    /,
    *,
    identity: Identities = (),
    to_cluster: Annotated[str, Parameter(metavar="NAME")] = "",
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Put the sealing keys of a backup back into their clusters.

    A key that is there already, under whatever name, is left as it is: one that was taken out of
    use stays out of use. Nothing is overwritten. -c says which clusters' keys.

    Args:
        file: The backup.
        identity: A file with the identity that opens the backup; may be repeated.
        to_cluster: Put the keys of the one cluster that -c names into this one.
        dry_run: Show what would be created and write nothing.
    """
    chosen = _chosen(open_backup(file, identity), common, to_cluster)
    targets = {name: to_cluster or name for name in chosen}
    everywhere = _unfiltered(common)
    async with open_hub(common) as hub, open_members(hub) as members:
        contacts = await reached(members, everywhere, only=set(targets.values()))
        found = await all_of(
            (
                _restore(chosen[name], target, contacts.get(target), dry_run=dry_run)
                for name, target in targets.items()
            ),
            name="restore",
        )
    results = [each for one in found for each in one]
    show(restored_answer(results, is_dry=dry_run), common)
    _tell(results, targets)
    return _exit(results)


def _chosen(
    kept: Sequence[KeptSecret], common: Common, to_cluster: str
) -> dict[str, list[KeptSecret]]:
    """Return the keys to restore, by the cluster that they are of."""
    found: dict[str, list[KeptSecret]] = {}
    for each in kept:
        if not common.cluster or any(fnmatchcase(each.cluster, name) for name in common.cluster):
            found.setdefault(each.cluster, []).append(each)
    names = ", ".join(sorted({each.cluster for each in kept}))
    if not found:
        raise InvalidInputError(
            "cli.unknown_cluster", "the backup holds no such cluster", hint=f"it holds: {names}"
        )
    if to_cluster and len(found) != 1:
        hint = f"-c NAME says whose; the backup holds: {names}"
        raise InvalidInputError("cli.usage", "the keys of one cluster only", "--to-cluster", hint)
    return found


def _unfiltered(common: Common) -> Common:
    # What -c and the selector choose are clusters of the backup.
    return replace(common, cluster=(), cluster_selector="")


async def _restore(
    kept: Sequence[KeptSecret], target: str, contact: Contact | None, *, dry_run: bool
) -> list[Restored]:
    problem = _unusable(target, contact)
    if problem is not None or contact is None or contact.member is None:
        return [Restored(each, target, FAILED, problem) for each in kept]
    found = []
    for each in kept:
        try:
            result = await _restore_one(each, contact, dry_run=dry_run)
            found.append(Restored(each, target, result))
        except KeyfleetError as error:
            is_conflict = isinstance(error, ConflictError)
            found.append(Restored(each, target, CONFLICT if is_conflict else FAILED, error))
    return found


async def _restore_one(kept: KeptSecret, contact: Contact, *, dry_run: bool) -> str:
    """Create a key Secret where its key is not known yet.

    Raises:
        ConflictError: Another Secret has its name.
        DeniedError: It is more than a key; see `manifest_of`.
    """
    if contact.member is None:
        raise unreached(contact)
    client, metadata = contact.member.client, kept.secret.metadata
    there = await list_raw(client, metadata.namespace)
    if kept.secret.data in [each.data for each in there]:
        return PRESENT
    own, known = await asyncio.to_thread(
        lambda: (read_all([kept.secret]).found, read_all(there).found)
    )
    if own and own[0].fingerprint in {each.fingerprint for each in known}:
        return PRESENT
    if await client.find_metadata(SECRETS, metadata.name, namespace=metadata.namespace):
        hint = "another Secret has its name: rename or remove that one, if it is not needed"
        raise ConflictError("keys.differs", "is there and is another one", kept.place, hint)
    body = manifest_of(kept)
    if not dry_run:
        await client.create(SECRETS, body, namespace=metadata.namespace)
    return CREATED


def _unusable(target: str, contact: Contact | None) -> KeyfleetError | None:
    if contact is None:
        hint = "`keyfleet clusters` lists them; --to-cluster names another"
        return PermanentError("cli.unknown_cluster", "no cluster", target, hint)
    return unreached(contact) if contact.member is None else None


def restored_answer(found: Sequence[Restored], *, is_dry: bool) -> Answer:
    """Return what became of each key Secret, in every format."""
    counts = {
        result: sum(each.result == result for each in found)
        for result in (CREATED, PRESENT, CONFLICT, FAILED)
    }
    words = ("would be created" if is_dry else "created", "there already", "in conflict", "failed")
    parts = [f"{number} {word}" for number, word in zip(counts.values(), words, strict=True)]
    return Answer(
        columns=tuple(map(Column, ("CLUSTER", "SECRET", "KEY-OF", "RESULT"))),
        rows=[(each.target, each.kept.place, each.kept.cluster, each.result) for each in found],
        document={"dryRun": is_dry, "items": [_document(each) for each in found]},
        names=[f"{each.target}:{each.kept.place}" for each in found],
        summary=", ".join(
            part for part, number in zip(parts, counts.values(), strict=True) if number
        ),
    )


def _document(each: Restored) -> dict[str, Any]:
    found: dict[str, Any] = {
        "cluster": each.target,
        "keyOf": each.kept.cluster,
        "namespace": each.kept.secret.metadata.namespace,
        "name": each.kept.secret.metadata.name,
        "result": each.result,
    }
    if each.problem is not None:
        found |= {"code": each.problem.code, "message": str(each.problem)}
    return found


def _tell(found: Sequence[Restored], targets: Mapping[str, str]) -> None:
    for each in found:
        if each.problem is not None:
            note(f"{each.result}: {each.target}: {each.problem}")
            if each.problem.hint:
                note(f"Hint: {each.problem.hint}")
    for name, target in targets.items():
        if name != target:
            note(
                f"Warning: while {name} lives, too, {target} shares its keys: what is sealed for "
                "one of them the other opens"
            )


def _exit(found: Sequence[Restored]) -> Exit:
    results = {each.result for each in found} - {CREATED, PRESENT}
    if not results:
        return Exit.DONE
    return Exit.CONFLICT if results == {CONFLICT} else Exit.FAILED
