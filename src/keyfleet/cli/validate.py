# SPDX-License-Identifier: Apache-2.0
"""`keyfleet validate`."""

from collections.abc import Iterable, Iterator
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.exits import Exit
from keyfleet.cli.files import Files, load_files
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.terminal import note
from keyfleet.cli.translating import translated
from keyfleet.model.v1alpha1.reading import Manifest, read_manifests


def validate(
    *files: str,
    filename: Files = (),
    common: Common = NO_OPTIONS,
) -> Exit:
    """Check manifests without any cluster: FleetSecrets, FleetClusters, FleetPolicies.

    Every file is looked at; of each the first problem is shown, with line and path. Exit code 1:
    a manifest asks for something that cannot be; 2: a file cannot be understood.

    Args:
        files: Files or folders; `-` is standard input.
        filename: The same, as kubectl writes it.
    """
    names = (*files, *filename)
    if not names:
        raise InvalidInputError(
            "cli.usage", "which files?", hint="keyfleet validate -f FILE, a folder, or - for stdin"
        )
    manifests: list[Manifest] = []
    unreadable = list(_read_all(names, manifests))
    findings = translated(manifests, namespace=common.namespace or "default").problems
    _report(manifests, [*unreadable, *findings], common)
    if unreadable:
        return Exit.USAGE
    return Exit.FINDINGS if findings else Exit.DONE


def _read_all(names: Iterable[str], into: list[Manifest]) -> Iterator[InvalidInputError]:
    for name in names:
        try:
            for file, raw in load_files([name]):
                try:
                    into += read_manifests(raw, file)
                except InvalidInputError as error:
                    yield error
        except InvalidInputError as error:
            yield error


def _report(manifests: list[Manifest], problems: list[InvalidInputError], common: Common) -> None:
    if not common.is_machine_readable:
        for problem in problems:
            note(problem.diagnostics())
    found = len(manifests), len(problems)
    answer = Answer(
        columns=(),
        rows=(),
        document={"manifests": found[0], "problems": [_document(each) for each in problems]},
        names=[_name(manifest) for manifest in manifests],
        summary=_summary(*found),
    )
    show(answer, common)


def _summary(manifests: int, problems: int) -> str:
    read = f"{manifests} manifest{'s' if manifests != 1 else ''} read"
    return f"{read}, {problems or 'no'} problem{'s' if problems != 1 else ''}"


def _document(problem: InvalidInputError) -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": problem.message,
        "place": problem.subject,
        "path": problem.path,
        "hint": problem.hint,
        **({"excerpt": list(problem.excerpt)} if problem.excerpt else {}),
    }


def _name(manifest: Manifest) -> str:
    metadata = manifest.document["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest.kind.lower()}:{place}{metadata['name']}"
