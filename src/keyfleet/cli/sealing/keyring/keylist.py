# SPDX-License-Identifier: Apache-2.0
"""`keyfleet keys list`: the sealing keys of a fleet, and what each of them opens."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.clock import SystemClock, parse_timestamp, timestamp
from keyfleet.base.errors import InvalidInputError, KeyfleetError, one_line
from keyfleet.base.tasks import all_of
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import UNSERVED, open_hub
from keyfleet.cli.members import Members, open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.sealing.files.tree import files_of
from keyfleet.cli.sealing.keyring.ring import (
    KeyFiles,
    Ring,
    RingKey,
    files_by_cluster,
    key_meant,
    narrowed,
    shared,
    short,
)
from keyfleet.cli.sealing.keyring.rings import reached, read_rings
from keyfleet.cli.sealing.keyring.usage import Seen, Use, uses_in_cluster, uses_in_files
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note
from keyfleet.engine.livefleet import Contact
from keyfleet.kube.resources import SEALEDSECRETS


async def list_keys(
    *files: str,
    clusters: Annotated[str, Parameter(metavar="SELECTOR")] = "",
    key: Annotated[str, Parameter(metavar="FINGERPRINT")] = "",
    in_clusters: Annotated[bool, Parameter(negative="")] = False,
    recovery_private_key: KeyFiles = (),
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Show the sealing keys of the clusters, and which values each of them opens.

    With files: how many sealed values each key opens there, what no key opens, and keys that
    nothing uses; with --key where those values are: what to reseal after a key was stolen.

    Args:
        files: Files, or folders with everything below, to look for sealed values in.
        clusters: Only these: names with commas between, or a label selector.
        key: Only this key, and each value that it opens.
        in_clusters: Look through the SealedSecrets in the clusters, too.
        recovery_private_key: Use the keys of this file and ask no cluster; NAME=FILE for several.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    common = narrowed(common, clusters)
    tree = list(files_of(files))
    uses: list[Use] = []
    if recovery_private_key:
        names = {file.cluster for file in tree} - {""}
        rings = files_by_cluster(recovery_private_key, names or common.cluster or {"-"}, common)
    else:
        async with open_hub(common) as hub, open_members(hub) as members:
            rings = await read_rings(members, common, namespace=key_namespace)
            if in_clusters:
                uses = await _uses_in_clusters(members, rings, common)
    seen = await asyncio.to_thread(uses_in_files, tree, rings, common.namespace or "default")
    seen = Seen([*uses, *seen.uses], seen.problems)
    tell_keys(rings, seen, common)
    has_looked = bool(files) or in_clusters
    meant = key_meant(key, _fingerprints(rings)) if key else ""
    show(keys_answer(rings, seen, meant, has_looked=has_looked, now=SystemClock().now()), common)
    failed = any(ring.problems for ring in rings.values()) or seen.problems
    return Exit.FAILED if failed else Exit.DONE


async def _uses_in_clusters(
    members: Members, rings: Mapping[str, Ring], common: Common
) -> list[Use]:
    contacts = await reached(members, common)
    names = [name for name in rings if contacts[name].member is not None]
    found = await all_of((_uses_in(contacts[name], rings[name]) for name in names), name="uses")
    return [use for uses in found for use in uses]


async def _uses_in(contact: Contact, ring: Ring) -> list[Use]:
    if contact.member is None:
        return []
    try:
        objects = (await contact.member.client.list(SEALEDSECRETS)).items
    except UNSERVED:
        return []
    except KeyfleetError as error:
        note(f"Warning: {ring.cluster}: {error}")
        return []
    return await asyncio.to_thread(uses_in_cluster, objects, ring.cluster, ring)


def _fingerprints(rings: Mapping[str, Ring]) -> list[str]:
    return [each.fingerprint for ring in rings.values() for each in ring.keys]


def tell_keys(rings: Mapping[str, Ring], seen: Seen, common: Common) -> None:
    """Say on standard error what is wrong with keys and with what is sealed."""
    if common.is_machine_readable:
        return
    for ring in rings.values():
        for problem in ring.problems:
            note(f"Warning: {ring.cluster}: {problem}")
    for fingerprint, names in shared(rings.values()).items():
        note(
            f"Warning: {', '.join(names)} share the key {short(fingerprint)}: what is sealed for "
            "one of them the others open, and scopes do not tell them apart"
        )
    for problem in seen.problems:
        note(f"Warning: {problem}")
    for use in seen.uses:
        if use.is_foreign:
            note(f"Sealed for {use.holder}, not for {use.cluster}: {_named(use)}")
        elif use.problem is not None:
            note(f"No key opens it: {_named(use)}: {use.problem}")


def _named(use: Use) -> str:
    return one_line(f"{use.place}: {use.document} {use.item.name}")


_KEYS = (
    *map(Column, ("KEY", "CLUSTER", "SECRET", "STATE", "SEALS", "SINCE", "BACKED-UP", "OPENS")),
    *(Column(name, is_wide=True) for name in ("UNTIL", "FINGERPRINT")),
)
_NEVER, _IN_BACKUP = "never", "in this"
_USES = tuple(map(Column, ("KEY", "WHERE", "CLUSTER", "SECRET", "ITEM")))


def keys_answer(
    rings: Mapping[str, Ring],
    seen: Seen,
    meant: str,
    *,
    has_looked: bool,
    now: datetime,
    in_backup: bool = False,
) -> Answer:
    """Return the keys, or the values of the one that is meant, in every format.

    Args:
        rings: The keys of each cluster.
        seen: What was found to be sealed.
        meant: Fingerprint of the only key to show; empty: all.
        has_looked: Somebody asked for what is sealed.
        now: To tell which certificates are expired.
        in_backup: These are the keys of a backup, so it does not matter which others there are.
    """
    keys = [
        (ring, key)
        for ring in rings.values()
        for key in ring.keys
        if meant in ("", key.fingerprint)
    ]
    uses = [use for use in seen.uses if meant in ("", use.fingerprint)]
    orphans = [use for use in seen.uses if use.problem is not None]
    counts = {
        fingerprint: sum(use.fingerprint == fingerprint for use in uses)
        for fingerprint in {key.fingerprint for _, key in keys}
    }
    backups = [_IN_BACKUP if in_backup else _backed_up(key) for _, key in keys]
    rows = [
        _row(ring, key, counts[key.fingerprint] if has_looked else None, backup)
        for (ring, key), backup in zip(keys, backups, strict=True)
    ]
    is_list_of_uses = bool(meant) and has_looked
    return Answer(
        columns=_USES if is_list_of_uses else _KEYS,
        rows=[_use_row(use) for use in uses] if is_list_of_uses else rows,
        document={
            "keys": [_key_document(ring, key, now) for ring, key in keys],
            "uses": [use_document(use) for use in uses],
            "orphans": [use_document(use) for use in orphans],
            "shared": shared(rings.values()),
            "problems": [
                {"cluster": ring.cluster, "code": each.code, "message": str(each)}
                for ring in rings.values()
                for each in ring.problems
            ],
        },
        names=[key.fingerprint for _, key in keys],
        summary=_summary(
            _counted(len(keys), "key", f" in {_counted(len(rings), 'cluster')}"),
            backups.count(_NEVER),
            uses,
            len(orphans),
            counts if has_looked else None,
        ),
    )


def _row(ring: Ring, key: RingKey, count: int | None, backup: str) -> tuple[str, ...]:
    dates = ("", "")
    if key.certificate is not None:
        dates = (f"{key.certificate.not_before:%Y-%m-%d}", f"{key.certificate.not_after:%Y-%m-%d}")
    return (
        *(short(key.fingerprint), ring.cluster, key.place, key.state),
        *("newest" if ring.newest is key else "", dates[0], backup),
        *("" if count is None else str(count), dates[1], key.fingerprint),
    )


def _backed_up(key: RingKey) -> str:
    if not key.place:
        return ""
    try:
        return f"{parse_timestamp(key.backed_up):%Y-%m-%d}" if key.backed_up else _NEVER
    except (InvalidInputError, ValueError):
        return "unknown"


def _use_row(use: Use) -> tuple[str, ...]:
    where = use.place
    return (short(use.fingerprint), where, use.cluster, str(use.document), use.item.name)


def _key_document(ring: Ring, key: RingKey, now: datetime) -> dict[str, Any]:
    certificate = key.certificate
    return {
        "fingerprint": key.fingerprint,
        "cluster": ring.cluster,
        "secret": key.place,
        "state": key.state,
        "active": key.is_active,
        "newest": ring.newest is key,
        "notBefore": timestamp(certificate.not_before) if certificate else None,
        "notAfter": timestamp(certificate.not_after) if certificate else None,
        "expired": certificate.is_expired(now) if certificate else None,
        "backedUpAt": key.backed_up or None,
    }


def use_document(use: Use) -> dict[str, Any]:
    """Return a sealed value as plain data."""
    return {
        "file": use.file,
        "line": use.line,
        "cluster": use.cluster,
        "namespace": use.document.namespace,
        "name": use.document.name,
        "item": use.item.name,
        "fingerprint": use.fingerprint,
        "keyOf": use.holder,
        **({"problem": use.problem.code} if use.problem is not None else {}),
    }


def _summary(
    keys: str,
    missing: int,
    uses: Sequence[Use],
    orphans: int,
    counts: Mapping[str, int] | None,
) -> str:
    parts = [keys]
    parts += [f"{missing} not backed up"] if missing else []
    if counts is not None:
        parts.append(_counted(len(uses), "value"))
        unused = sum(not number for number in counts.values())
        parts += [_counted(unused, "key", " without any")] if unused else []
        parts += [f"{orphans} that no key opens"] if orphans else []
    return ", ".join(parts)


def _counted(number: int, what: str, rest: str = "") -> str:
    return f"{number} {what}{'' if number == 1 else 's'}{rest}"
