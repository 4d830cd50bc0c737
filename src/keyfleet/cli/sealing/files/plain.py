# SPDX-License-Identifier: Apache-2.0
"""Secrets in clear, as `kubectl create secret --dry-run` writes them: what is to be sealed.

Only what a SealedSecret's template may carry is kept of the metadata: what an API server adds would
be refused by the next one, and `last-applied-configuration` holds the values themselves. Source:
compat/sealed-secrets.md 4.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.files.documents import expanded, read_documents
from keyfleet.model.decoding import Decoding
from keyfleet.transform.decoding import undone

HOLDS_VALUES = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
)
"""Annotations that quote the whole Secret."""


@dataclass(frozen=True, slots=True)
class PlainSecret:
    """A Secret in clear."""

    name: str
    namespace: str
    items: Mapping[str, SecretValue] = field(repr=False)
    type: str = ""
    immutable: bool | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    subject: str = ""
    """Where it stands, for people."""


def read_plain_secrets(raw: bytes, subject: str) -> list[PlainSecret]:
    """Return the Secrets of a stream; those of a List stand in its place.

    Raises:
        InvalidInputError: There is none, or one cannot be understood; no value is quoted.
    """
    found = [
        read_plain_secret(document, subject) for document in expanded(read_documents(raw, subject))
    ]
    if not found:
        message = "no secrets found"
        hint = "give a Secret as YAML or JSON, in UTF-8"
        raise InvalidInputError("sealing.no_secret", message, subject, hint)
    return found


def read_plain_secret(document: Mapping[str, Any], subject: str) -> PlainSecret:
    """Return one Secret.

    Raises:
        InvalidInputError: It is of another kind, or a field is not of its type.
    """
    kind = document.get("kind")
    if kind not in (None, "Secret"):
        hint = "only Secrets are sealed; a SealedSecret is sealed anew by `keyfleet reseal`"
        raise InvalidInputError("sealing.no_secret", "not a Secret", _place(subject, kind), hint)
    metadata = _mapping(document, "metadata", subject)
    name = _text(metadata, "name", subject)
    place = f"{subject}: {name}" if name else subject
    immutable = document.get("immutable")
    if not isinstance(immutable, bool | None):
        raise _misshapen(place, "immutable", "a truth value")
    annotations = _texts(metadata, "annotations", place)
    return PlainSecret(
        name=name,
        namespace=_text(metadata, "namespace", place),
        items=_items(document, place),
        type=_text(document, "type", place),
        immutable=immutable,
        labels=_texts(metadata, "labels", place),
        annotations={key: annotations[key] for key in annotations if key not in HOLDS_VALUES},
        finalizers=_finalizers(metadata, place),
        subject=place,
    )


def _items(document: Mapping[str, Any], place: str) -> dict[str, SecretValue]:
    """Return the values; what stands in `stringData` counts before `data`."""
    encoded = _texts(document, "data", place)
    plain = _texts(document, "stringData", place)
    found = {key: _decoded(text, key, place) for key, text in encoded.items()}
    return found | {key: SecretValue(_bytes(text)) for key, text in plain.items()}


def _decoded(text: str, key: str, place: str) -> SecretValue:
    value = undone(_bytes(text), Decoding.BASE64)
    if value is None:
        hint = "values in clear belong into stringData"
        raise InvalidInputError(
            "sealing.plain_base64", "a value is not base64", place, hint, path=f"data.{key}"
        )
    return SecretValue(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _mapping(document: Mapping[str, Any], field: str, place: str) -> Mapping[str, Any]:
    found = document.get(field)
    if not isinstance(found, Mapping | None):
        raise _misshapen(place, field, "an object")
    return found or {}


def _text(document: Mapping[str, Any], field: str, place: str) -> str:
    found = document.get(field)
    if not isinstance(found, str | None):
        raise _misshapen(place, field, "a text")
    return found or ""


def _texts(document: Mapping[str, Any], field: str, place: str) -> dict[str, str]:
    """Return a map of texts; null is the empty text, as Go reads it."""
    found = _mapping(document, field, place)
    for key, text in found.items():
        if not isinstance(text, str | None):
            raise _misshapen(place, f"{field}.{key}", "a text: put quotes around it")
    return {str(key): text or "" for key, text in found.items()}


def _finalizers(metadata: Mapping[str, Any], place: str) -> tuple[str, ...]:
    found = metadata.get("finalizers") or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise _misshapen(place, "metadata.finalizers", "a list of texts")
    return tuple(found)


def _misshapen(place: str, path: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "input.shape", "a field has another type", f"{place}: {path}", f"{path} is {wanted}"
    )


def _place(subject: str, kind: object) -> str:
    return f"{subject}: {kind}" if isinstance(kind, str) else subject
