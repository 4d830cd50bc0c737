# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets in a text, where each of their values stands, and how to change only that."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.base.codec import Span, YamlDocument, decode_yaml
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import Scope, scope_of
from keyfleet.cli.sealing.files.documents import is_sealed_secret
from keyfleet.model.carriers import SEALED_FOR

WHOLE = "spec.data"
"""Stands for the item name where a complete Secret is sealed as one, as before upstream's 0.7."""

_BOM = "\ufeff"
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*")
"""Anchors and tags before a scalar."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One sealed value of a document."""

    name: str
    text: str
    span: Span | None
    """None: merged in from elsewhere."""


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A SealedSecret in a text."""

    namespace: str
    name: str
    scope: Scope
    sealed_for: str
    """Cluster that it names itself; mostly empty."""
    items: tuple[SealedItem, ...]
    path: Path
    """Where it is in its YAML document; not empty within a List."""
    source: YamlDocument
    content: Mapping[str, Any]

    @property
    def label(self) -> bytes:
        """What each item is bound to."""
        return self.scope.label(self.namespace, self.name)

    @property
    def line(self) -> int:
        """Its first line, from 1."""
        return self.source.lines.get(self.path, self.source.line)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def read_yaml(raw: bytes, subject: str) -> list[YamlDocument]:
    """Return the documents of a file whose spans count from behind a byte order mark.

    Raises:
        InvalidInputError: As `decode_yaml`.
    """
    return decode_yaml(raw.removeprefix(_BOM.encode()), subject=subject)


def objects_of(document: YamlDocument) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the objects of a document with their paths: itself, or those of a List."""
    yield from _objects((), document.content)


def sealed_documents(
    documents: list[YamlDocument], namespace: str = "default"
) -> list[SealedDocument]:
    """Return the SealedSecrets of a file.

    Args:
        documents: As `read_yaml` gives them.
        namespace: Of those that name none.
    """
    return [
        sealed_document(document, path, content, namespace)
        for document in documents
        for path, content in objects_of(document)
        if is_sealed_secret(content)
    ]


def sealed_document(
    source: YamlDocument, path: Path, content: Mapping[str, Any], namespace: str = "default"
) -> SealedDocument:
    """Return one SealedSecret of a document."""
    metadata = _mapping(content.get("metadata"))
    annotations = {
        key: value
        for key, value in _mapping(metadata.get("annotations")).items()
        if isinstance(value, str)
    }
    return SealedDocument(
        _text(metadata.get("namespace")) or namespace,
        _text(metadata.get("name")),
        scope_of(annotations),
        annotations.get(SEALED_FOR, ""),
        tuple(_items(source, path, _mapping(content.get("spec")))),
        path,
        source,
        content,
    )


def replaced(raw: bytes, changes: Mapping[Span, str], subject: str) -> bytes:
    """Return a file with other texts at some places, and nothing else changed.

    Args:
        raw: The file, which can be read.
        changes: Scalar -> its new text: letters, digits and `+/=` only.
        subject: What the file is called.

    Raises:
        InvalidInputError: `reseal.place`: it cannot be changed alone.
    """
    before = _BOM.encode() if raw.startswith(_BOM.encode()) else b""
    text = raw.removeprefix(before).decode()
    places = {(span.start, span.end): (span, new) for span, new in changes.items()}
    for (start, end), (span, new) in sorted(places.items(), reverse=True):
        text = text[:start] + _rewritten(text[start:end], span.style or "", new) + text[end:]
    result = before + text.encode()
    if not _is_same_but(raw, result, changes, subject):
        hint = "write the sealed values as plain texts, each on a line of its own"
        message = "the values cannot be changed without changing more"
        raise InvalidInputError("reseal.place", message, subject, hint)
    return result


def _is_same_but(raw: bytes, result: bytes, changes: Mapping[Span, str], subject: str) -> bool:
    """Tell whether two files differ in the changed places alone, and there as asked."""
    new = {(span.start, span.end): text for span, text in changes.items()}
    try:
        old, now = (read_yaml(each, subject) for each in (raw, result))
    except InvalidInputError:
        return False
    return [_leaves(document, new) for document in old] == [_leaves(each, {}) for each in now]


def _leaves(document: YamlDocument, new: Mapping[tuple[int, int], str]) -> list[tuple[Path, Any]]:
    found = []
    for path, span in document.spans.items():
        value = new.get((span.start, span.end))
        if value is None or span.style is None:
            value = _at(document.content, path) if span.style is not None else None
        found.append((path, value.replace("\n", "") if isinstance(value, str) else value))
    return found


def _at(content: Any, path: Path) -> Any:
    for step in path:
        if isinstance(content, dict) and step not in content:
            return None
        content = content[step]
    return content


def _rewritten(source: str, style: str, new: str) -> str:
    """Return the source of a scalar with another text, in its own style."""
    found = _PROPERTIES.match(source)
    before = found[0] if found else ""
    if style in ("'", '"'):
        return f"{before}{style}{new}{style}"
    return _block(source, style, new) if style in ("|", ">") else before + new


def _block(source: str, style: str, new: str) -> str:
    head, *lines = source.splitlines(keepends=True)
    body = "".join(lines)
    tail = body[len(body.rstrip()) :]
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    width = len(first.strip()) if style == "|" and len(body.split()) > 1 else len(new)
    end = "\r\n" if head.endswith("\r\n") else "\n"
    pieces = [new[at : at + width] for at in range(0, len(new), max(width, 1))]
    return head + end.join(indent + piece for piece in pieces) + tail


def _objects(path: Path, content: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    if not isinstance(content, dict):
        return
    items = content.get("items")
    if str(content.get("kind", "")).endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            yield from _objects((*path, "items", index), item)
    else:
        yield path, content


def _items(source: YamlDocument, path: Path, spec: Mapping[str, Any]) -> Iterator[SealedItem]:
    if spec.get("data") is not None:
        yield SealedItem(WHOLE, _text(spec["data"]), source.spans.get((*path, "spec", "data")))
    for name, text in sorted(_mapping(spec.get("encryptedData")).items()):
        where = (*path, "spec", "encryptedData", name)
        # Upstream reads what is no text as an empty one.
        yield SealedItem(name, _text(text), source.spans.get(where))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
