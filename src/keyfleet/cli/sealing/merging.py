# SPDX-License-Identifier: Apache-2.0
"""Put further sealed items into a SealedSecret that exists: `--merge-into`.

The items are sealed for the name, namespace and scope of the file, since all of them must open
together. Source: compat/sealed-secrets.md 4.5.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SCOPE_ANNOTATIONS, Scope, SealingCertificate, scope_of
from keyfleet.cli.sealing.files.documents import Document, is_sealed_secret, read_documents
from keyfleet.cli.sealing.files.plain import PlainSecret
from keyfleet.cli.sealing.sealing import Namespace, sealed_items


def read_target(raw: bytes, subject: str) -> Document:
    """Return the one SealedSecret of a file.

    Raises:
        InvalidInputError: It holds none or several, or one that cannot take items.
    """
    documents = read_documents(raw, subject)
    if len(documents) != 1 or not is_sealed_secret(documents[0]):
        raise InvalidInputError("sealing.merge", "the file is not one SealedSecret", subject)
    spec = documents[0].get("spec")
    if isinstance(spec, Mapping) and spec.get("data") is not None:
        hint = "seal all of it anew: items cannot be added to a whole Secret in one text"
        raise InvalidInputError(
            "sealing.merge", "the file has the deprecated field spec.data", subject, hint
        )
    if not _name(documents[0]):
        raise InvalidInputError("sealing.merge", "the SealedSecret has no name", subject)
    return documents[0]


def scope_of_target(target: Document) -> Scope:
    """Return the scope of a SealedSecret."""
    annotations = _mapping(_mapping(target, "metadata"), "annotations")
    return scope_of({str(key): str(text) for key, text in annotations.items()})


def merged(
    target: Document,
    secret: PlainSecret,
    certificate: SealingCertificate,
    *,
    scope: Scope | None,
    namespace: Namespace,
) -> Document:
    """Return a SealedSecret with the items, labels and annotations of a Secret put in.

    Args:
        target: What it is put into.
        secret: Its name and namespace do not count.
        certificate: What its values are sealed with.
        scope: The one asked for, if any.
        namespace: For a target that says none.

    Raises:
        InvalidInputError: Another scope is asked for than the target has.
    """
    own = scope_of_target(target)
    _require_same(own, scope, secret)
    metadata = _mapping(target, "metadata")
    label = own.label(metadata.get("namespace") or namespace.name, _name(target))
    spec = _mapping(target, "spec")
    items = _mapping(spec, "encryptedData") | sealed_items(secret.items, certificate, label)
    template = _mapping(spec, "template")
    described = _described(_mapping(template, "metadata"), secret)
    if described:
        template = {**template, "metadata": described}
    shaped = {"template": template} if template else {}
    return {**target, "spec": {**spec, "encryptedData": items, **shaped}}


def _described(metadata: dict[str, Any], secret: PlainSecret) -> dict[str, Any]:
    annotations = {
        key: text for key, text in secret.annotations.items() if key not in SCOPE_ANNOTATIONS
    }
    added = {
        field: _mapping(metadata, field) | dict(more)
        for field, more in (("labels", secret.labels), ("annotations", annotations))
        if more
    }
    return metadata | added


def _require_same(own: Scope, asked: Scope | None, secret: PlainSecret) -> None:
    said = scope_of(secret.annotations)
    wanted = asked or (None if said is Scope.STRICT else said)
    if wanted is not None and wanted is not own:
        raise InvalidInputError(
            "sealing.merge_scope",
            "the file has another scope than what is put into it",
            f"{own}, not {wanted}",
            "all items of a SealedSecret have one scope: leave --scope and the annotation out",
        )


def _name(target: Mapping[str, Any]) -> str:
    name = _mapping(target, "metadata").get("name")
    return name if isinstance(name, str) else ""


def _mapping(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    found = document.get(field)
    return dict(found) if isinstance(found, Mapping) else {}
