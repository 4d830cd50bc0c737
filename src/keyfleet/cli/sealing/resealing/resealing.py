# SPDX-License-Identifier: Apache-2.0
"""Seal the values of a tree anew, each for its own cluster's newest key.

A value stays bound to what it was bound to: its label comes from the manifest as it stands, and
the manifest's annotations are not touched (compat/sealed-secrets.md 3.4: upstream's rotation once
widened scopes). The plain text lives in memory alone: what is written, also for a moment, is
sealed.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from keyfleet.base.codec import Span
from keyfleet.base.errors import ConflictError, InvalidInputError, KeyfleetError
from keyfleet.base.sealing import Keyset, Opened, SealingCertificate
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.files.sealedtext import (
    SealedDocument,
    SealedItem,
    read_yaml,
    replaced,
    sealed_documents,
)
from keyfleet.cli.sealing.files.tree import TreeFile, read_file


class Fate(StrEnum):
    """What became of a sealed value."""

    RESEALED = "Resealed"
    """Or would be, in a dry run."""
    CURRENT = "Current"
    """It is sealed for the newest key already."""
    KEPT = "Kept"
    """It is sealed with another key than the one that was asked about."""
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Goal:
    """What the values of one cluster are sealed for."""

    cluster: str
    keyset: Keyset
    """All that may open a value of this cluster."""
    certificate: SealingCertificate
    from_key: str = ""
    """Only values sealed with the key of this fingerprint; empty: with any but the newest."""

    @property
    def is_verified(self) -> bool:
        """What was sealed can be opened here to see that it is right."""
        return self.certificate.fingerprint in self.keyset.fingerprints

    def fate(self, fingerprint: str) -> Fate:
        """Return what becomes of a value that a key opened."""
        if fingerprint == self.certificate.fingerprint:
            return Fate.CURRENT
        return Fate.KEPT if self.from_key not in ("", fingerprint) else Fate.RESEALED


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of one value."""

    document: SealedDocument
    item: SealedItem
    cluster: str
    fate: Fate
    fingerprint: str = ""
    """Key that it was sealed with."""
    problem: KeyfleetError | None = None


@dataclass(slots=True)
class FileOutcome:
    """What became of one file."""

    file: TreeFile
    items: list[ItemOutcome] = field(default_factory=list)
    problem: KeyfleetError | None = None
    """Why it is as it was."""
    is_written: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether something in it could not be done."""
        return self.problem is not None or any(each.problem is not None for each in self.items)

    def count(self, fate: Fate) -> int:
        """Return how many values ended so."""
        return sum(each.fate is fate for each in self.items)


GoalOf = Callable[[TreeFile, SealedDocument], Goal | None]
"""Gives what a document is sealed for; None: it is left out. Raises KeyfleetError."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value sealed anew, and what it must open to."""

    index: int
    """Of its document among the SealedSecrets of the file."""
    outcome: ItemOutcome
    goal: Goal
    text: str
    value: SecretValue


def reseal_file(file: TreeFile, goal_of: GoalOf, namespace: str, *, dry_run: bool) -> FileOutcome:
    """Seal the values of a file anew, all that can be; CPU-bound. Nothing is raised."""
    outcome = FileOutcome(file)
    try:
        raw = read_file(file.path)
        changes = list(changes_of(file, raw, goal_of, namespace, outcome, dry_run=dry_run))
        if changes:
            new = replaced(raw, texts_of(changes), str(file))
            _replace(file.path, raw, new, lambda written: verify(written, changes, namespace))
            outcome.is_written = True
    except KeyfleetError as error:
        outcome.problem = error
    return outcome


def changes_of(
    file: TreeFile,
    raw: bytes,
    goal_of: GoalOf,
    namespace: str,
    outcome: FileOutcome,
    *,
    dry_run: bool,
) -> Iterator[Change]:
    """Yield what is sealed anew of a file, and note what becomes of each value.

    Raises:
        InvalidInputError: The file cannot be read as YAML.
    """
    documents = sealed_documents(read_yaml(raw, str(file)), namespace)
    for index, document in enumerate(documents):
        try:
            goal = goal_of(file, document)
        except KeyfleetError as error:
            outcome.items += [
                ItemOutcome(document, item, "", Fate.FAILED, problem=error)
                for item in document.items
            ]
            continue
        if goal is None:
            continue
        for item in document.items:
            found, opened = _look(document, item, goal)
            outcome.items.append(found)
            if opened is not None and found.fate is Fate.RESEALED and not dry_run:
                text = goal.certificate.seal(opened.value, document.label)
                yield Change(index, found, goal, text, opened.value)


def _look(
    document: SealedDocument, item: SealedItem, goal: Goal
) -> tuple[ItemOutcome, Opened | None]:
    """Return what is to become of a value, and the value."""
    try:
        opened = goal.keyset.open(item.text, document.label)
    except KeyfleetError as error:
        return ItemOutcome(document, item, goal.cluster, Fate.FAILED, problem=error), None
    fate = goal.fate(opened.fingerprint)
    if fate is Fate.RESEALED and (item.span is None or item.span.style is None):
        hint = "write the value where it belongs, without a YAML merge"
        problem = InvalidInputError("reseal.place", "is merged in from elsewhere", item.name, hint)
        return ItemOutcome(document, item, goal.cluster, Fate.FAILED, problem=problem), None
    return ItemOutcome(document, item, goal.cluster, fate, opened.fingerprint), opened


def texts_of(changes: Iterable[Change]) -> dict[Span, str]:
    """Return place -> new text."""
    found: dict[Span, str] = {}
    for change in changes:
        span = change.outcome.item.span
        if span is not None:
            found[span] = change.text
    return found


def verify(raw: bytes, changes: Iterable[Change], namespace: str) -> None:
    """Make sure that each new value opens to what the old one held, from the file as written.

    Raises:
        KeyfleetError: One does not.
    """
    documents = sealed_documents(read_yaml(raw, "what was written"), namespace)
    for change in changes:
        if not change.goal.is_verified:
            continue
        document, name = documents[change.index], change.outcome.item.name
        text = next(item.text for item in document.items if item.name == name)
        opened = change.goal.keyset.open(text, document.label)
        if opened.value != change.value:
            raise InvalidInputError("reseal.doubt", "the new value is not the old one", name)


def _replace(path: Path, old: bytes, new: bytes, verify: Callable[[bytes], None]) -> None:
    """Put a new content into a file's place, whole or not at all.

    Raises:
        ConflictError: `reseal.changed`: somebody changed the file meanwhile.
        InvalidInputError: `input.unwritable`.
        KeyfleetError: What `verify` raises.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(path.stat().st_mode & 0o7777)
        verify(read_file(temporary))
        if read_file(path) != old:
            hint = "run it again"
            raise ConflictError("reseal.changed", "the file was changed meanwhile", str(path), hint)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def _unwritable(path: Path, error: OSError) -> InvalidInputError:
    reason = (error.strerror or type(error).__name__).lower()
    return InvalidInputError("input.unwritable", "cannot be written", f"{path}: {reason}")
