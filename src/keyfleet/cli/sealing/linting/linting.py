# SPDX-License-Identifier: Apache-2.0
"""Look through a Git tree for everything that `keyfleet lint` complains about."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.cli.sealing.files.documents import is_sealed_secret
from keyfleet.cli.sealing.files.sealedtext import (
    SealedDocument,
    objects_of,
    read_yaml,
    sealed_document,
)
from keyfleet.cli.sealing.files.tree import MANIFESTS, TreeFile, read_file
from keyfleet.cli.sealing.keyring.ring import Ring
from keyfleet.cli.sealing.keyring.usage import Openers
from keyfleet.cli.sealing.linting.complaints import (
    EXCEPTIONS,
    Allowed,
    Complaint,
    Place,
    listed_exceptions,
    rules_for,
)
from keyfleet.cli.sealing.linting.filerules import (
    CERTIFICATES,
    UNLISTED,
    certificate_complaints,
    is_listed,
    unread_complaint,
)
from keyfleet.cli.sealing.linting.plainrules import key_complaints, plain_complaints
from keyfleet.cli.sealing.linting.sealedrules import (
    opened_complaints,
    sealed_complaints,
    size_complaints,
)

ENDINGS = (*MANIFESTS, *CERTIFICATES)
_KUSTOMIZATION = "Kustomization"
"""The one name of a manifest without an ending."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known beside the files."""

    now: datetime
    rings: Mapping[str, Ring] = field(default_factory=dict)
    """Keys by cluster; empty: nobody was asked."""
    certificates: Mapping[str, SealingCertificate] = field(default_factory=dict)
    """By cluster."""
    namespace: str = "default"
    """Of SealedSecrets that name none."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a look through a tree found."""

    complaints: list[Complaint]
    """By file and line."""
    files: int
    allowed: int
    """Complaints that comments or the list of exceptions cover."""


def lint_files(files: Sequence[TreeFile], knowledge: Knowledge) -> Report:
    """Look through files; CPU-bound where keys are known. Nothing is raised."""
    linter = _Linter(knowledge, _exceptions(files))
    with ThreadPoolExecutor(os.cpu_count() or 1, "lint") as pool:
        found = [each for complaints in pool.map(linter.lint, files) for each in complaints]
    kept = [complaint for complaint, is_allowed in found if not is_allowed]
    kept.sort(key=lambda each: (each.file, each.line, each.column, each.rule.name))
    return Report(kept, len(files), len(found) - len(kept))


def lint_text(raw: bytes, file: TreeFile, knowledge: Knowledge) -> list[Complaint]:
    """Return what is wrong in a file with that content."""
    return list(_Linter(knowledge, {}).complaints(raw, file))


class _Linter:
    def __init__(
        self, knowledge: Knowledge, exceptions: Mapping[Path, list[tuple[str, str]]]
    ) -> None:
        self._knowledge = knowledge
        self._exceptions = exceptions
        self._openers = Openers(knowledge.rings)
        self._known = frozenset(
            key.fingerprint for ring in knowledge.rings.values() for key in ring.keys
        )

    def lint(self, file: TreeFile) -> list[tuple[Complaint, bool]]:
        """Return each complaint about a file, and whether it is allowed."""
        try:
            raw = read_file(file.path)
        except InvalidInputError as error:
            return [(unread_complaint(str(file), b"", error), False)]
        inside = os.path.relpath(file.path, file.root)
        allowed = Allowed(raw, rules_for(inside, self._exceptions.get(file.root, [])))
        return [(each, allowed.covers(each)) for each in self.complaints(raw, file)]

    def complaints(self, raw: bytes, file: TreeFile) -> Iterator[Complaint]:
        yield from key_complaints(str(file), raw)
        if b"-----BEGIN CERTIFICATE" in raw and file.path.suffix in CERTIFICATES:
            yield from certificate_complaints(str(file), raw, self._knowledge.now, self._known)
        if file.path.suffix in MANIFESTS or file.path.name == _KUSTOMIZATION:
            yield from self._manifests(raw, file)

    def _manifests(self, raw: bytes, file: TreeFile) -> Iterator[Complaint]:
        try:
            documents = read_yaml(raw, str(file))
        except InvalidInputError as error:
            yield unread_complaint(str(file), raw, error)
            return
        for document in documents:
            place = Place(str(file), document)
            for path, content in objects_of(document):
                yield from plain_complaints(place, path, content)
                if is_sealed_secret(content):
                    found = sealed_document(document, path, content, self._knowledge.namespace)
                    yield from self._sealed(place, found, file)

    def _sealed(
        self, place: Place, document: SealedDocument, file: TreeFile
    ) -> Iterator[Complaint]:
        cluster = file.cluster or document.sealed_for
        yield from sealed_complaints(place, document, file.cluster)
        if not is_listed(file.path):
            message = f"{document} is not listed in the kustomization beside it"
            yield place.says(document.path, UNLISTED, message)
        rings, certificate = self._knowledge.rings, self._knowledge.certificates.get(cluster)
        if rings and (not cluster or cluster in rings):
            yield from opened_complaints(place, document, cluster, rings, self._openers)
        elif certificate is not None:
            size = (certificate.key.key_size + 7) // 8
            yield from size_complaints(place, document, cluster, {size})


def _exceptions(files: Iterable[TreeFile]) -> dict[Path, list[tuple[str, str]]]:
    """Return what each folder that was named allows."""
    found: dict[Path, list[tuple[str, str]]] = {}
    for root in {file.root for file in files}:
        try:
            text = read_file(root / EXCEPTIONS).decode("utf-8", "replace")
        except InvalidInputError:
            continue
        found[root] = listed_exceptions(text)
    return found
