# SPDX-License-Identifier: Apache-2.0
"""Seal what a tree holds for one cluster for another one, into that one's folder.

A file goes to the same place below `clusters/<other>/`, as it was written: only its values are
others. The plain text lives in memory alone. All files are written, or none.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from keyfleet.base.codec import Span
from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.cli.sealing.certificates.fleet import Recipient
from keyfleet.cli.sealing.files.layout import Writing, list_file, safe_name
from keyfleet.cli.sealing.files.sealedtext import (
    SealedDocument,
    objects_of,
    read_yaml,
    replaced,
    sealed_documents,
)
from keyfleet.cli.sealing.files.tree import CLUSTERS, TreeFile, read_file
from keyfleet.cli.sealing.resealing.resealing import (
    Change,
    FileOutcome,
    GoalOf,
    changes_of,
    texts_of,
    verify,
)
from keyfleet.model.carriers import SEALED_FOR


@Parameter(name="*", group=Group("Another cluster", sort_key=5))
@dataclass(frozen=True, slots=True)
class Move:
    """Whether values are sealed for another cluster than they were sealed for."""

    to_cluster: Annotated[str, Parameter(metavar="NAME")] = ""
    """Seal the values of one cluster for this one as well, as files at the same place below
    clusters/NAME/, listed in its kustomizations; the files that were read stay as they are."""
    into: Annotated[Path | None, Parameter(metavar="DIR")] = None
    """Write below DIR/clusters/NAME/; default: beside the clusters/ that a file lies in."""
    force: Annotated[bool, Parameter(negative="")] = False
    """With --to-cluster: replace files that exist."""
    keep: Annotated[bool, Parameter(negative="")] = False
    """With --to-cluster: leave files that exist, whatever they hold."""


@dataclass(slots=True)
class Moved:
    """What is to be written, and what became of each file that was read."""

    outcomes: list[FileOutcome]
    writing: Writing
    held: list[Path]
    """Exist already, and nobody said what to do about them."""

    @property
    def has_failed(self) -> bool:
        """Whether something could not be sealed: nothing is written then."""
        return any(each.has_failed for each in self.outcomes)


def moved(
    tree: Iterable[TreeFile], goal_of: GoalOf, target: Recipient, namespace: str, move: Move
) -> Moved:
    """Return what to write for another cluster; CPU-bound, and nothing is written yet.

    Args:
        tree: What is read.
        goal_of: Gives the keys of a document's own cluster with the other one's certificate; None:
            it is left out.
        target: The other cluster, with a certificate.
        namespace: Of documents that say none.
        move: How.
    """
    found = Moved([], Writing(), [])
    for file in tree:
        outcome = FileOutcome(file)
        try:
            _move(file, goal_of, target, namespace, move, outcome, found)
        except KeyfleetError as error:
            outcome.problem = error
        found.outcomes.append(outcome)
    return found


def _move(
    file: TreeFile,
    goal_of: GoalOf,
    target: Recipient,
    namespace: str,
    move: Move,
    outcome: FileOutcome,
    found: Moved,
) -> None:
    raw = read_file(file.path)
    documents = sealed_documents(read_yaml(raw, str(file)), namespace)
    changes = list(changes_of(file, raw, goal_of, namespace, outcome, dry_run=False))
    if not outcome.items or outcome.has_failed:
        return
    _refuse_plain(file, raw)
    path = place_for(file, target.cluster, move.into)
    if path in found.writing.changes:
        raise InvalidInputError("sealing.tree", "two files would go to one place", str(path))
    if path.exists() and move.keep:
        return
    if path.exists() and not move.force:
        found.held.append(path)
        return
    spans = dict.fromkeys(_named(documents), target.cluster)
    new = replaced(raw, texts_of(changes) | spans, str(file))
    verify(new, [_seen_by(change, target) for change in changes], namespace)
    found.writing.put(path, new, read_file(path) if path.exists() else None)
    list_file(found.writing, path)


def place_for(file: TreeFile, cluster: str, into: Path | None) -> Path:
    """Return where a file goes for another cluster.

    Raises:
        InvalidInputError: `sealing.tree`: nothing says where, or a link stands in the way.
    """
    path = Path(os.path.abspath(file.path))  # noqa: PTH100 - `resolve` would follow links
    if file.cluster:
        depth = max(i for i, part in enumerate(path.parts[:-2]) if part == CLUSTERS)
        base, rest = Path(*path.parts[:depth]), path.parts[depth + 2 :]
    elif into is not None:
        root = os.path.abspath(file.root)  # noqa: PTH100 - as above
        base, rest = into, path.relative_to(root).parts
    else:
        hint = "--into DIR: it goes below DIR/clusters/NAME/"
        raise InvalidInputError("sealing.tree", "the file lies in no clusters/", str(file), hint)
    place = into or base
    for part in (CLUSTERS, safe_name(cluster), *rest):
        place /= part
        if place.is_symlink():
            message = "a symbolic link stands in the way"
            raise InvalidInputError("sealing.tree", message, str(place))
    return place if file.path.is_absolute() else Path(os.path.relpath(place))


def _named(documents: Iterable[SealedDocument]) -> Iterator[Span]:
    """Yield where documents name the cluster that they are sealed for."""
    for document in documents:
        span = document.source.spans.get((*document.path, "metadata", "annotations", SEALED_FOR))
        if document.sealed_for and span is not None:
            yield span


def _refuse_plain(file: TreeFile, raw: bytes) -> None:
    """Refuse to copy values in clear along with those that are sealed."""
    for document in read_yaml(raw, str(file)):
        if any(one.get("kind") == "Secret" for _, one in objects_of(document)):
            message, hint = "a Secret in clear is in the same file", "seal it, or take it out"
            raise InvalidInputError("reseal.plain", message, str(file), hint)


def _seen_by(change: Change, target: Recipient) -> Change:
    # The other cluster's private keys, where they may be read, tell whether it is right.
    return replace(change, goal=replace(change.goal, keyset=target.keyset))
