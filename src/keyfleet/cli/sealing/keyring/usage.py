# SPDX-License-Identifier: Apache-2.0
"""Which key opens which sealed value, in files and in clusters."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from keyfleet.base.codec import YamlDocument
from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.sealing import Keyset
from keyfleet.cli.sealing.files.sealedtext import (
    SealedDocument,
    SealedItem,
    read_yaml,
    sealed_document,
    sealed_documents,
)
from keyfleet.cli.sealing.files.tree import TreeFile, read_file
from keyfleet.cli.sealing.keyring.ring import Ring

CLUSTER_OBJECT = ""
"""File of what is found in a cluster."""


@dataclass(frozen=True, slots=True)
class Use:
    """A sealed value, and the key that opens it."""

    file: str
    """Empty: an object of the cluster."""
    line: int
    cluster: str
    """That it is for; empty: not known."""
    document: SealedDocument
    item: SealedItem
    fingerprint: str = ""
    """Key that opens it; empty: none that is known does."""
    holder: str = ""
    """Cluster whose key that is."""
    problem: KeyfleetError | None = None
    """Why none does."""

    @property
    def is_foreign(self) -> bool:
        """Its own cluster cannot open it, another one can."""
        return bool(self.cluster and self.holder and self.holder != self.cluster)

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.file}:{self.line}" if self.file else f"in {self.cluster}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at files found."""

    uses: list[Use]
    problems: list[KeyfleetError]
    """Files that cannot be read."""


class Openers:
    """The keys of a fleet, to try: a cluster's own first; safe between threads."""

    def __init__(self, rings: Mapping[str, Ring]) -> None:
        """Prepare."""
        self._sets = {name: (ring, ring.keyset) for name, ring in rings.items() if ring.keys}

    def use(self, file: str, cluster: str, document: SealedDocument, item: SealedItem) -> Use:
        """Return which key opens a value."""
        line = item.span.line if item.span else document.line
        problem: KeyfleetError | None = None
        for name, keyset in self._likeliest_first(cluster):
            try:
                opened = keyset.open(item.text, document.label)
            except InvalidInputError as error:
                return Use(file, line, cluster, document, item, problem=error)
            except KeyfleetError as error:
                problem = error
                continue
            return Use(file, line, cluster, document, item, opened.fingerprint, name)
        return Use(file, line, cluster, document, item, problem=problem)

    def _likeliest_first(self, cluster: str) -> Iterator[tuple[str, Keyset]]:
        own = [name for name in self._sets if name == cluster]
        for name in (*own, *(name for name in self._sets if name != cluster)):
            yield name, self._sets[name][1]


def uses_in_files(files: Sequence[TreeFile], rings: Mapping[str, Ring], namespace: str) -> Seen:
    """Return every sealed value of files; CPU-bound."""
    openers = Openers(rings)
    problems: list[KeyfleetError] = []

    def look(file: TreeFile) -> list[Use]:
        try:
            documents = sealed_documents(read_yaml(read_file(file.path), str(file)), namespace)
        except KeyfleetError as error:
            problems.append(error)
            return []
        return [
            openers.use(str(file), file.cluster or document.sealed_for, document, item)
            for document in documents
            for item in document.items
        ]

    with ThreadPoolExecutor(os.cpu_count() or 1, "keys") as pool:
        found = [use for uses in pool.map(look, files) for use in uses]
    return Seen(found, problems)


def uses_in_cluster(objects: Iterable[dict[str, Any]], cluster: str, ring: Ring) -> list[Use]:
    """Return every sealed value of a cluster's SealedSecrets; CPU-bound."""
    openers = Openers({cluster: ring})
    documents = (sealed_document(YamlDocument(each, 0, {}, {}), (), each) for each in objects)
    return [
        openers.use(CLUSTER_OBJECT, cluster, document, item)
        for document in documents
        for item in document.items
    ]
