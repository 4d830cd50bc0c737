# SPDX-License-Identifier: Apache-2.0
"""The one SealedSecret that a request holds, in JSON or YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.codec import decode_json, decode_yaml, encode_json
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import Scope, scope_of
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.sealed import SealedRead

SIZE_MAX = 2 * 1024 * 1024
"""Bytes of one request: more than an API server takes."""
ITEMS_MAX = 1000
"""Sealed items of one request; each costs a private operation for each key, if it does not open."""
MARKS_MAX = 50_000
"""Bytes of a YAML body that may begin a node. Two MiB of nothing else take seconds to read, and no
SealedSecret is like that: ciphertext has none of them, but for the ends of its lines."""
_MARKS = (b"\n", b"\r", b",", b"[", b"{", b":", b"-", b"?", b"...")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SealedManifest:
    """What is asked about."""

    metadata: Document
    template: Document = field(repr=False)
    """`spec.template`, never rendered here."""
    read: SealedRead

    @property
    def texts(self) -> list[str]:
        """The sealed texts, each of which must open."""
        return [*self.read.items.values(), *([] if self.read.whole is None else [self.read.whole])]


def read_manifest(body: bytes) -> SealedManifest:
    """Return the SealedSecret that a body is; CPU-bound.

    Raises:
        InvalidInputError: It is not exactly one, or not as the API server would take it.
    """
    document = _document(body)
    if document.get("apiVersion") != SEALEDSECRETS.api_version:
        raise _no_sealed_secret()
    if document.get("kind") != SEALEDSECRETS.kind:
        raise _no_sealed_secret()
    metadata, spec = _map(document, "metadata"), _map(document, "spec")
    template = _map(spec, "template")
    texts_of(_map(template, "metadata"), "annotations")
    return SealedManifest(metadata, template, _read(metadata, spec))


def texts_of(metadata: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return labels or annotations.

    Raises:
        InvalidInputError: They are no map of texts.
    """
    found = _map(metadata, name)
    if not all(isinstance(text, str) for text in found.values()):
        raise _no_sealed_secret()
    return found


def _read(metadata: Document, spec: Document) -> SealedRead:
    whole = spec.get("data")
    if not isinstance(whole, str | None):
        raise _no_sealed_secret()
    return SealedRead(
        _text(metadata, "namespace"),
        _text(metadata, "name"),
        _items(spec.get("encryptedData")),
        _scope(metadata),
        whole=whole,
    )


def _scope(metadata: Document) -> Scope:
    return scope_of(texts_of(metadata, "annotations"))


def _items(found: Any) -> dict[str, str]:
    # As upstream reads it: what is no map has no items, and what is no text opens with no key.
    items = found if isinstance(found, dict) else {}
    if len(items) > ITEMS_MAX:
        raise InvalidInputError("sealing.items", "too many sealed items in one request")
    return {name: text if isinstance(text, str) else "" for name, text in items.items()}


def _document(body: bytes) -> Document:
    if len(body) > SIZE_MAX:
        raise InvalidInputError("sealing.too_large", "request is too large")
    documents = [_json(body)] if body.lstrip().startswith(b"{") else _yaml(body)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise _no_sealed_secret()
    return documents[0]


def _json(body: bytes) -> Any:
    return _plain(decode_json(body, subject=""))


def _yaml(body: bytes) -> list[Any]:
    if sum(map(body.count, _MARKS)) > MARKS_MAX:
        raise InvalidInputError("sealing.too_large", "request is too large")
    return [_plain(found.content) for found in decode_yaml(body, subject="")]


def _plain(content: Any) -> Any:
    """Return it if JSON can say it: no halves of characters, no endless numbers."""
    try:
        encode_json(content)
    except (UnicodeError, OverflowError, TypeError, RecursionError):
        problem = _no_sealed_secret()
    else:
        return content
    raise problem


def _map(document: Mapping[str, Any], name: str) -> Document:
    found = document.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _no_sealed_secret()
    return found


def _text(metadata: Document, name: str) -> str:
    found = metadata.get(name)
    if not isinstance(found, str | None):
        raise _no_sealed_secret()
    return found or ""


def _no_sealed_secret() -> InvalidInputError:
    return InvalidInputError("sealing.manifest", "not a single SealedSecret")
