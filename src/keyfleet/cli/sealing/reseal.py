# SPDX-License-Identifier: Apache-2.0
"""`keyfleet reseal`."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.sealing.certificates.certificates import load_source
from keyfleet.cli.sealing.certificates.fleet import Recipient, read_fleet
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace, ServiceName
from keyfleet.cli.sealing.files.layout import safe_name
from keyfleet.cli.sealing.files.tree import TreeFile, files_of
from keyfleet.cli.sealing.files.writing import write_all
from keyfleet.cli.sealing.keyring.ring import Ring, files_by_cluster, key_meant, may_be, narrowed
from keyfleet.cli.sealing.keyring.rings import read_rings
from keyfleet.cli.sealing.options.flags import refuse_together
from keyfleet.cli.sealing.resealing.goals import Goals, certificate_in, clusters_in, settled
from keyfleet.cli.sealing.resealing.moving import Move, moved
from keyfleet.cli.sealing.resealing.resealed import resealed_answer, tell_failures
from keyfleet.cli.sealing.resealing.resealing import Fate, FileOutcome, reseal_file
from keyfleet.cli.terminal import note

NO_MOVE = Move()


async def reseal(  # noqa: PLR0913 - one parameter for each flag
    *files: str,
    clusters: Annotated[str, Parameter(metavar="SELECTOR")] = "",
    cert: Annotated[str, Parameter(metavar="FILE")] = "",
    cert_dir: Annotated[str, Parameter(metavar="DIR")] = "",
    recovery_private_key: Annotated[
        tuple[str, ...], Parameter(consume_multiple=False, negative="", metavar="FILE")
    ] = (),
    from_key: Annotated[str, Parameter(metavar="FINGERPRINT")] = "",
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    move: Move = NO_MOVE,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Seal the values of a Git tree anew, each for its own cluster's newest key.

    Only values that another key sealed are changed, in place: comments, order and everything else
    stay. No value's scope changes, and none is ever written in clear. A file's cluster is the
    folder below clusters/, else its annotation keyfleet.io/sealed-for, else -c.

    With --to-cluster the values of one cluster are sealed for another one, as further files.

    Sealing anew does not make a value secret again that a stolen key could open: change the value.

    Args:
        files: Files, or folders with everything below.
        clusters: Only these: names with commas between, or a label selector.
        cert: Seal with this certificate, a file or URL; for one cluster.
        cert_dir: Seal with NAME.pem of this folder, as `keyfleet cert` writes them.
        recovery_private_key: Open with the keys of this file and ask no cluster; for several
            clusters NAME=FILE; may be repeated.
        from_key: Only values that this key sealed: what to do about a stolen key.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
        dry_run: Show what would be sealed anew and write nothing.
    """
    if not files:
        raise InvalidInputError("cli.usage", "which files?", hint="keyfleet reseal DIR")
    common = narrowed(common, clusters)
    tree = list(files_of(files))
    found = sorted(await asyncio.to_thread(clusters_in, tree, common))
    rings = await _rings(found, recovery_private_key, key_namespace, common)
    _tell_problems(rings)
    if move.to_cluster:
        refuse_together(to_cluster=True, from_key=from_key)
        target = await _target(move.to_cluster, cert, cert_dir, key_namespace, common)
        return await _move(tree, rings, target, move, common, dry_run=dry_run)
    if from_key:
        from_key = key_meant(from_key, (key.fingerprint for r in rings.values() for key in r.keys))
    given = await _certificates(rings, cert, cert_dir)
    certificates = settled(rings.values(), given, SystemClock().now())
    goals = Goals(rings, certificates, common, from_key)
    outcomes = await asyncio.to_thread(
        _reseal_all, tree, goals, common.namespace or "default", dry_run=dry_run
    )
    show(resealed_answer(outcomes, is_dry=dry_run, is_wide=common.is_wide), common)
    tell_failures(outcomes, common)
    return _exit(outcomes, dry_run=dry_run)


async def _rings(
    found: Sequence[str], keys: Sequence[str], namespace: str, common: Common
) -> dict[str, Ring]:
    if keys:
        return files_by_cluster(keys, found, common)
    if not found:
        return {}
    async with open_hub(common) as hub, open_members(hub) as members:
        return await read_rings(members, common, only=found, namespace=namespace)


async def _target(
    name: str, cert: str, cert_dir: str, key_namespace: str, common: Common
) -> Recipient:
    """Return the cluster to seal for; what it needs is there and valid.

    Raises:
        KeyfleetError: It is not, or there is no such cluster.
    """
    file = cert or (certificate_in(Path(cert_dir), name) if cert_dir else "")
    if file:
        found = [Recipient(safe_name(name), await load_source(file))]
    else:
        only = replace(common, cluster=(safe_name(name),), cluster_selector="")
        found = await read_fleet(only, ServiceName(key_namespace))
    target = found[0].checked(SystemClock().now())
    target.required()
    return target


async def _move(
    tree: Sequence[TreeFile],
    rings: Mapping[str, Ring],
    target: Recipient,
    move: Move,
    common: Common,
    *,
    dry_run: bool,
) -> Exit:
    chosen = (name for name in rings if may_be(name, common))
    sources = sorted({*chosen} - {target.cluster})
    if len(sources) > 1:
        hint = f"one at a time: -c {sources[0]}"
        raise InvalidInputError("cli.usage", "of which cluster?", ", ".join(sources), hint)
    goals = Goals(
        {name: rings[name] for name in sources}, dict.fromkeys(sources, target.required()), common
    )
    near = [file for file in tree if file.cluster != target.cluster]
    found = await asyncio.to_thread(moved, near, goals, target, common.namespace or "default", move)
    show(resealed_answer(found.outcomes, is_dry=dry_run, is_wide=common.is_wide), common)
    tell_failures(found.outcomes, common)
    for path in found.held:
        note(f"held: {path}: it exists: --force replaces it, --keep leaves it")
    if found.has_failed or found.held:
        return Exit.FAILED if found.has_failed else Exit.HELD
    if not dry_run:
        write_all(list(found.writing.changes.values()))
    for path in found.writing.changes:
        note(f"{'would be written' if dry_run else 'written'}: {path}")
    for text in found.writing.notes:
        note(text)
    return Exit.FINDINGS if dry_run and found.writing.changes else Exit.DONE


async def _certificates(
    rings: Mapping[str, Ring], cert: str, cert_dir: str
) -> dict[str, SealingCertificate]:
    if cert and cert_dir:
        raise InvalidInputError("cli.usage", "one of the two at a time", "--cert, --cert-dir")
    if cert and len(rings) > 1:
        hint = "-c NAME, or --cert-dir DIR with NAME.pem for each"
        raise InvalidInputError("cli.usage", "a certificate is for one cluster", "--cert", hint)
    if cert:
        return {name: await load_source(cert) for name in rings}
    folder = Path(cert_dir)
    named = {name: certificate_in(folder, name) for name in rings} if cert_dir else {}
    return {name: await load_source(file) for name, file in named.items()}


def _tell_problems(rings: Mapping[str, Ring]) -> None:
    for ring in rings.values():
        for problem in ring.problems:
            note(f"Warning: {ring.cluster}: {problem}")


def _reseal_all(
    tree: Sequence[TreeFile], goals: Goals, namespace: str, *, dry_run: bool
) -> list[FileOutcome]:
    with ThreadPoolExecutor(os.cpu_count() or 1, "reseal") as pool:
        return list(
            pool.map(lambda file: reseal_file(file, goals, namespace, dry_run=dry_run), tree)
        )


def _exit(outcomes: Sequence[FileOutcome], *, dry_run: bool) -> Exit:
    if any(each.has_failed for each in outcomes):
        return Exit.FAILED
    is_different = any(each.count(Fate.RESEALED) for each in outcomes)
    return Exit.FINDINGS if dry_run and is_different else Exit.DONE
