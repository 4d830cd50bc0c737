# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets in a Git tree: `clusters/<cluster>/<module>/<name>.yml`, listed by kustomizations.

Sealing gives another text each time, and nothing about a value is recorded beside it, not even a
hash. So whether a file still holds the same value is known only where its cluster's keys may be
read: then the file stays when it does, and is written when it does not. Elsewhere a person decides.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.sealing import Keyset, scope_of
from keyfleet.cli.sealing.certificates.fleet import Recipient
from keyfleet.cli.sealing.files.documents import (
    Document,
    Style,
    is_sealed_secret,
    read_documents,
    written,
)
from keyfleet.cli.sealing.files.kustomization import NAMES, NEW, new_kustomization, with_resource
from keyfleet.cli.sealing.files.plain import PlainSecret
from keyfleet.cli.sealing.files.tree import CLUSTERS, MANIFESTS, read_file
from keyfleet.cli.sealing.files.writing import Change
from keyfleet.cli.sealing.opening import opened
from keyfleet.cli.sealing.sealing import sealed_secret

ENDINGS = (".yml", ".yaml")
"""Of files that exist; new ones get the first."""

_PART = re.compile(r"[a-z0-9A-Z](?:[-._a-z0-9A-Z]*[a-z0-9A-Z])?")


class Fate(StrEnum):
    """What becomes of a file."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    """It holds the same values already."""
    KEPT = "kept"
    """It stays, whatever it holds: `--keep`."""
    HELD = "held"
    """It exists, and whether its values are the same cannot be known."""
    CONFLICT = "conflict"
    """It exists and is something else."""


class Existing(StrEnum):
    """What was asked to become of files that exist."""

    COMPARE = "compare"
    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Tree:
    """Where files are put, and how."""

    root: Path
    module: str = ""
    """Folder within a cluster's; empty: as the Secret's namespace."""
    existing: Existing = Existing.COMPARE

    def folder(self, cluster: str, namespace: str) -> Path:
        """Return the folder of a cluster's module.

        Raises:
            InvalidInputError: A name is none of a folder, or a link stands in the way.
        """
        parts = (CLUSTERS, safe_name(cluster), safe_name(self.module or namespace or "default"))
        found = self.root
        for part in parts:
            found /= part
            if found.is_symlink():
                message = "a symbolic link stands in the way"
                raise InvalidInputError("sealing.tree", message, str(found))
        return found


@dataclass(slots=True)
class Writing:
    """What becomes of the files of one cluster."""

    fates: dict[Path, Fate] = field(default_factory=dict)
    changes: dict[Path, Change] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, path: Path, new: bytes, old: bytes | None) -> None:
        """A file shall hold this; the first `old` counts."""
        before = self.changes[path].old if path in self.changes else old
        self.changes[path] = Change(path, new, before)

    def text(self, path: Path) -> bytes | None:
        """Return what a file holds, or will."""
        if path in self.changes:
            return self.changes[path].new
        return read_file(path) if path.exists() else None


def laid_out(tree: Tree, recipient: Recipient, secrets: Iterable[PlainSecret]) -> Writing:
    """Return what to write for one cluster, whose certificate is there; nothing is written yet.

    Raises:
        InvalidInputError: What exists cannot be used, or a name be no file's.
    """
    writing = Writing()
    for secret in secrets:
        folder = tree.folder(recipient.cluster, secret.namespace)
        path = _file(folder, safe_name(secret.name))
        old = writing.text(path)
        before = None if old is None else _own(old, path, secret)
        fate = _fate(tree.existing, recipient.keyset, secret, exists=old is not None, before=before)
        writing.fates[path] = fate
        if fate is Fate.WRITTEN:
            new = _carried(sealed_secret(secret, recipient.required(), recipient.cluster), before)
            writing.put(path, written([new], Style.YAML).encode(), old)
        if fate not in (Fate.CONFLICT, Fate.HELD):
            list_file(writing, path)
    return writing


def _fate(
    existing: Existing,
    keyset: Keyset,
    secret: PlainSecret,
    *,
    exists: bool,
    before: Document | None,
) -> Fate:
    if not exists or existing is Existing.REPLACE:
        return Fate.WRITTEN
    if existing is Existing.KEEP:
        return Fate.KEPT
    if before is None:
        return Fate.CONFLICT
    if not keyset.fingerprints:
        return Fate.HELD
    return Fate.UNCHANGED if _is_same(before, keyset, secret) else Fate.WRITTEN


def _is_same(before: Document, keyset: Keyset, secret: PlainSecret) -> bool:
    """Tell whether a SealedSecret holds what would be sealed now, and for keys of the cluster."""
    annotations = _mapping(_mapping(before, "metadata"), "annotations")
    if scope_of(annotations) is not scope_of(secret.annotations):
        return False
    if not _describes(_mapping(_mapping(before, "spec"), "template"), secret):
        return False
    try:
        return opened(before, keyset) == dict(secret.items)
    except KeyfleetError:
        return False


def _describes(template: Mapping[str, Any], secret: PlainSecret) -> bool:
    metadata = _mapping(template, "metadata")
    return (
        (template.get("type") or "") == secret.type
        and template.get("immutable") == secret.immutable
        and _mapping(metadata, "labels") == dict(secret.labels)
        and _mapping(metadata, "annotations") == dict(secret.annotations)
    )


def _own(raw: bytes, path: Path, secret: PlainSecret) -> Document | None:
    """Return the SealedSecret of a file if it is of the same name and namespace."""
    documents = read_documents(raw, str(path))
    if len(documents) != 1 or not is_sealed_secret(documents[0]):
        return None
    metadata = _mapping(documents[0], "metadata")
    same = (metadata.get("name"), metadata.get("namespace") or "")
    return documents[0] if same == (secret.name, secret.namespace) else None


def _carried(new: Document, before: Document | None) -> Document:
    """Return a SealedSecret with the templates that people wrote into the one before."""
    data = _mapping(_mapping(_mapping(before or {}, "spec"), "template"), "data")
    if not data:
        return new
    spec = new["spec"]
    return {**new, "spec": {**spec, "template": {**spec["template"], "data": dict(data)}}}


def list_file(writing: Writing, path: Path) -> None:
    """Have the folder's kustomization list a file, and the cluster's one a new folder.

    Raises:
        InvalidInputError: `sealing.kustomization`: one cannot be added to.
    """
    folder = path.parent
    own = _kustomization(writing, folder)
    if own is not None:
        _add(writing, own, path.name)
    elif _has_others(folder, path):
        # Whoever applies the folder takes every file of it: a kustomization would leave them out.
        writing.notes.append(f"{folder} has manifests but no kustomization: none was made")
    else:
        writing.put(folder / NEW, new_kustomization([path.name]), None)
        above = _kustomization(writing, folder.parent)
        if above is not None:
            _add(writing, above, folder.name)


def _add(writing: Writing, kustomization: Path, entry: str) -> None:
    old = writing.text(kustomization) or b""
    new = with_resource(old, entry, str(kustomization))
    if new != old:
        writing.put(kustomization, new, old)


def _kustomization(writing: Writing, folder: Path) -> Path | None:
    paths = (folder / name for name in NAMES)
    return next((path for path in paths if path in writing.changes or path.exists()), None)


def _has_others(folder: Path, path: Path) -> bool:
    if not folder.is_dir():
        return False
    return any(each.suffix in MANIFESTS and each != path for each in folder.iterdir())


def _file(folder: Path, name: str) -> Path:
    paths = [folder / f"{name}{ending}" for ending in ENDINGS]
    return next((path for path in paths if path.exists()), paths[0])


def safe_name(part: str) -> str:
    """Return a name that may be a file's.

    Raises:
        InvalidInputError: It may not.
    """
    if not _PART.fullmatch(part):
        raise InvalidInputError("sealing.tree", "this cannot be the name of a file", part)
    return part


def _mapping(document: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = document.get(field)
    return found if isinstance(found, Mapping) else {}
