# SPDX-License-Identifier: Apache-2.0
"""`keyfleet lint`."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidInputError, one_line
from keyfleet.base.sealing import SealingCertificate, load_certificate
from keyfleet.cli.exits import Exit
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, counted, show
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.sealing.files.tree import TreeFile, files_of, read_file
from keyfleet.cli.sealing.keyring.ring import KeyFiles, Ring, files_by_cluster, narrowed
from keyfleet.cli.sealing.linting.complaints import Complaint, Severity
from keyfleet.cli.sealing.linting.filerules import CERTIFICATES
from keyfleet.cli.sealing.linting.linting import ENDINGS, Knowledge, Report, lint_files
from keyfleet.cli.terminal import note


async def lint(
    *files: str,
    clusters: Annotated[str, Parameter(metavar="SELECTOR")] = "",
    cert_dir: Annotated[str, Parameter(metavar="DIR")] = "",
    recovery_private_key: KeyFiles = (),
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    strict: Annotated[bool, Parameter(negative="")] = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Look through a Git tree for values in clear, and for sealed ones that will not open.

    No cluster is asked, unless --clusters says so. Exit code 1: there is an error. A comment
    `# keyfleet-lint: allow RULE` in a line or above it allows what is there; a file .keyfleet-lint
    in the folder allows by lines `RULE PATTERN`.

    Args:
        files: Files, or folders with everything below.
        clusters: Ask these for their keys, to tell what opens: names with commas, or a selector.
        cert_dir: Certificates NAME.pem of the clusters, as `keyfleet cert` writes them.
        recovery_private_key: Open with the keys of this file, NAME=FILE for several clusters.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
        strict: Warnings are errors.
    """
    if not files:
        raise InvalidInputError("cli.usage", "which files?", hint="keyfleet lint DIR")
    tree = _tree(files)
    common = narrowed(common, clusters)
    rings = await _rings(tree, recovery_private_key, key_namespace, common, asks=bool(clusters))
    for ring in rings.values():
        for problem in ring.problems:
            note(f"Warning: {ring.cluster}: {problem}")
    knowledge = Knowledge(
        SystemClock().now(),
        {name: ring for name, ring in rings.items() if ring.keys},
        _certificates(cert_dir),
        common.namespace or "default",
    )
    report = await asyncio.to_thread(lint_files, tree, knowledge)
    unchecked = [name for name, ring in rings.items() if ring.problems]
    show(lint_answer(report, unchecked), common)
    if unchecked:
        return Exit.FAILED
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    is_wrong = any(each.rule.severity in failing for each in report.complaints)
    return Exit.FINDINGS if is_wrong else Exit.DONE


def _tree(files: Sequence[str]) -> list[TreeFile]:
    found = list(files_of(files, ("", *ENDINGS)))
    # Of files without an ending only kustomizations are manifests.
    return [each for each in found if each.path.suffix or each.path.name == "Kustomization"]


async def _rings(
    tree: Sequence[TreeFile], keys: Sequence[str], namespace: str, common: Common, *, asks: bool
) -> Mapping[str, Ring]:
    if keys:
        names = {file.cluster for file in tree} - {""}
        return files_by_cluster(keys, names or common.cluster or {""}, common)
    if not asks:
        return {}
    # Here, so that a hook that asks nobody starts at once.
    from keyfleet.cli.hub import open_hub
    from keyfleet.cli.members import open_members
    from keyfleet.cli.sealing.keyring.rings import read_rings

    async with open_hub(common) as hub, open_members(hub) as members:
        return await read_rings(members, common, namespace=namespace)


def _certificates(folder: str) -> dict[str, SealingCertificate]:
    if not folder:
        return {}
    files = [file for file in files_of([folder], CERTIFICATES) if file.path.suffix != ".key"]
    return {
        Path(file.path).stem: load_certificate(read_file(file.path), str(file)) for file in files
    }


def lint_answer(report: Report, unchecked: Sequence[str] = ()) -> Answer:
    """Return what is wrong, in every format.

    Args:
        report: What was found.
        unchecked: Clusters whose keys could not all be read.
    """
    return Answer(
        columns=(),
        rows=(),
        document={
            "findings": [_document(each) for each in report.complaints],
            "files": report.files,
            "allowed": report.allowed,
            "unchecked": list(unchecked),
        },
        names=list(dict.fromkeys(each.file for each in report.complaints)),
        summary=_summary(report, unchecked),
        text=list(_lines(report.complaints)),
    )


def _lines(complaints: Sequence[Complaint]) -> Sequence[str]:
    lines: list[str] = []
    told: set[str] = set()
    for each in complaints:
        said = f"{each.place}: {each.rule.severity} {each.rule.name}: {each.message}"
        lines.append(one_line(said))
        if each.rule.name not in told:
            # Once is enough for a tree with a thousand of them.
            told.add(each.rule.name)
            lines.append(f"    {each.rule.hint}")
    return lines


def _document(each: Complaint) -> dict[str, object]:
    return {
        "file": each.file,
        "line": each.line,
        "column": each.column,
        "rule": each.rule.name,
        "severity": str(each.rule.severity),
        "message": each.message,
        "hint": each.rule.hint,
    }


def _summary(report: Report, unchecked: Sequence[str]) -> str:
    counts = [
        counted(number, severity)
        for severity in Severity
        if (number := sum(each.rule.severity is severity for each in report.complaints))
    ]
    parts = [counted(report.files, "file"), *(counts or ["nothing wrong"])]
    parts += [f"{report.allowed} allowed"] if report.allowed else []
    names = one_line(", ".join(unchecked))
    parts += [f"but not all keys of {names} could be read"] if names else []
    return ", ".join(parts)
