# SPDX-License-Identifier: Apache-2.0
"""`keyfleet keys backup` and `keyfleet keys verify`."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.clock import SystemClock, timestamp
from keyfleet.base.errors import InvalidInputError, KeyfleetError, PermanentError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.sealing.files.tree import files_of, read_file
from keyfleet.cli.sealing.keyring.agefile import decrypted, encrypted, recipients_of, write_private
from keyfleet.cli.sealing.keyring.backup import KeptSecret, content_of, rings_in, secrets_in
from keyfleet.cli.sealing.keyring.keylist import keys_answer, tell_keys
from keyfleet.cli.sealing.keyring.ring import BACKED_UP, narrowed
from keyfleet.cli.sealing.keyring.rings import reached, unreached
from keyfleet.cli.sealing.keyring.usage import uses_in_files
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.sealing.keylisting import list_raw
from keyfleet.kube.resources import SECRETS

Identities = Annotated[
    tuple[str, ...],
    Parameter(name=["--identity", "-i"], consume_multiple=False, negative="", metavar="FILE"),
]
"""`--identity FILE`, repeatable."""

Kept = tuple[KeptSecret, ...]


async def backup(
    file: Path,
    /,
    *,
    recipient: Annotated[
        tuple[str, ...],
        Parameter(name=["--recipient", "-r"], consume_multiple=False, negative="", metavar="AGE"),
    ] = (),
    recipients_file: Annotated[str, Parameter(metavar="FILE")] = "",
    clusters: Annotated[str, Parameter(metavar="SELECTOR")] = "",
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Write the sealing keys of the clusters into a new file, encrypted with age.

    All of them: in use, out of use, and the one of old without a label. There is no way to write
    them in clear. Each key's Secret notes when it was backed up, and `keyfleet keys list` shows
    what no backup holds.

    Args:
        file: The file to write; there must be none of that name.
        recipient: Who may open it: age1... or an ssh public key; may be repeated.
        recipients_file: A file with recipients, one a line.
        clusters: Only these: names with commas between, or a label selector.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    common = narrowed(common, clusters)
    recipients = [*recipient, *_listed(recipients_file)]
    # Whether they can be used is to be known before anything is asked.
    encrypted(SecretValue(b""), recipients)
    async with open_hub(common) as hub, open_members(hub) as members:
        contacts = await reached(members, common)
        found, problems = await _read_all(contacts, key_namespace)
        if found:
            content = content_of(each for kept in found.values() for each in kept)
            write_private(file, encrypted(content, recipients))
            now = timestamp(SystemClock().now())
            await all_of((_mark(contacts[name], found[name], now) for name in found), name="mark")
    show(_backup_answer(file, found, problems, len(recipients)), common)
    for name, error in problems.items():
        note(f"Failed: {name}: {error}")
    if not found and not problems:
        raise PermanentError("keys.none", "no cluster has a sealing key", hint="keyfleet keys list")
    return Exit.FAILED if problems else Exit.DONE


async def verify(
    file: Path,
    /,
    *files: str,
    identity: Identities = (),
    common: Common = NO_OPTIONS,
) -> Exit:
    """Show what keys a backup holds, and whether they open what is sealed in files.

    No cluster is asked. Exit code 1: a sealed value is opened by no key of its cluster.

    Args:
        file: The backup.
        files: Files, or folders with everything below, with sealed values.
        identity: A file with the identity that opens the backup; may be repeated.
    """
    kept = open_backup(file, identity)
    rings = await asyncio.to_thread(rings_in, kept)
    tree = list(files_of(files))
    seen = await asyncio.to_thread(uses_in_files, tree, rings, common.namespace or "default")
    tell_keys(rings, seen, common)
    now = SystemClock().now()
    show(keys_answer(rings, seen, "", has_looked=bool(files), now=now, in_backup=True), common)
    if seen.problems:
        return Exit.FAILED
    is_wrong = any(use.problem is not None or use.is_foreign for use in seen.uses)
    return Exit.FINDINGS if is_wrong else Exit.DONE


def open_backup(file: Path, identities: Sequence[str]) -> list[KeptSecret]:
    """Return the key Secrets of a backup.

    Raises:
        KeyfleetError: It cannot be opened, or is none.
    """
    if not identities:
        raise InvalidInputError("keys.identity", "with which identity?", hint="--identity FILE")
    known = [SecretValue(read_file(Path(name).resolve())) for name in identities]
    return secrets_in(decrypted(read_file(file), known, str(file)), str(file))


async def _read_all(
    contacts: Mapping[str, Contact], namespace: str
) -> tuple[dict[str, Kept], dict[str, KeyfleetError]]:
    names = list(contacts)
    found = await all_of((_read(contacts[name], name, namespace) for name in names), name="keys")
    results = dict(zip(names, found, strict=True))
    problems = {name: each for name, each in results.items() if isinstance(each, KeyfleetError)}
    return {
        name: each for name, each in results.items() if isinstance(each, tuple) and each
    }, problems


async def _read(contact: Contact, name: str, namespace: str) -> Kept | KeyfleetError:
    if contact.member is None:
        return unreached(contact)
    try:
        secrets = await list_raw(contact.member.client, namespace)
    except KeyfleetError as error:
        return error
    return tuple(KeptSecret(name, secret) for secret in secrets)


async def _mark(contact: Contact, kept: Kept, now: str) -> None:
    """Note in each key Secret that it is in a backup; the backup is as good without."""
    if contact.member is None:
        return
    body = {"metadata": {"annotations": {BACKED_UP: now}}}
    for each in kept:
        metadata = each.secret.metadata
        try:
            await contact.member.client.merge_patch(
                SECRETS, metadata.name, body, namespace=metadata.namespace
            )
        except KeyfleetError as error:
            note(f"Warning: {each.cluster}: when it was backed up cannot be noted: {error}")


def _listed(name: str) -> list[str]:
    if not name:
        return []
    try:
        return recipients_of(read_file(Path(name).resolve()).decode())
    except UnicodeDecodeError:
        raise InvalidInputError("keys.recipient", "is no list of recipients", name) from None


def _backup_answer(
    file: Path, found: Mapping[str, Kept], problems: Mapping[str, KeyfleetError], recipients: int
) -> Answer:
    number = sum(map(len, found.values()))
    summary = f"keys: {number}, clusters: {len(found)}, recipients: {recipients}, file: {file}"
    return Answer(
        columns=tuple(map(Column, ("CLUSTER", "SECRET"))),
        rows=[(name, each.place) for name, kept in found.items() for each in kept],
        document={
            "file": str(file) if found else None,
            "clusters": {name: [each.place for each in kept] for name, kept in found.items()},
            "failures": {name: error.code for name, error in problems.items()},
        },
        names=[str(file)] if found else [],
        summary=summary if found else "nothing was written",
    )
