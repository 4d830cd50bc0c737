# SPDX-License-Identifier: Apache-2.0
"""Open SealedSecrets with keys at hand: `unseal`, and `seal --recovery-unseal`.

What comes out is the Secret that the controller would write, without an owner. Source:
compat/sealed-secrets.md 1.4, 2.2, 4.5.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from keyfleet.base.errors import (
    DeniedError,
    InvalidInputError,
    KeyfleetError,
    PermanentError,
)
from keyfleet.base.sealing import Keyset, scope_of
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.files.documents import (
    Document,
    expanded,
    is_sealed_secret,
    read_documents,
)

FUNCTIONS = "sealedsecrets"


def read_sealed_secrets(raw: bytes, subject: str) -> list[Document]:
    """Return the SealedSecrets of a stream.

    Raises:
        InvalidInputError: There is none, or something else among them.
    """
    found = list(expanded(read_documents(raw, subject)))
    for document in found:
        if not is_sealed_secret(document):
            raise InvalidInputError("sealing.no_sealed", "not a SealedSecret", subject)
    if not found:
        raise InvalidInputError("sealing.no_sealed", "no SealedSecret found", subject)
    return found


def unsealed(document: Document, keys: Keyset) -> Document:
    """Return the Secret of a SealedSecret, with its values in base64.

    Raises:
        KeyfleetError: An item cannot be opened or a template not rendered: the items are named, and
            nothing of the others is given.
    """
    template = _mapping(_mapping(document, "spec"), "template")
    values = opened(document, keys)
    data = {**_rendered(_mapping(template, "data"), values, _name(document)), **values}
    metadata = _mapping(document, "metadata")
    own = {field: metadata[field] for field in ("name", "namespace") if metadata.get(field)}
    shaped = {field: template[field] for field in ("type", "immutable") if field in template}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**_mapping(template, "metadata"), **own},
        **shaped,
        "data": {key: b64encode(data[key].reveal()).decode() for key in sorted(data)},
    }


def opened(document: Document, keys: Keyset) -> dict[str, SecretValue]:
    """Return the values of all sealed items.

    Raises:
        KeyfleetError: As `unsealed`.
    """
    metadata, spec = _mapping(document, "metadata"), _mapping(document, "spec")
    if spec.get("data") is not None:
        hint = "the controller opens it; then seal it anew"
        raise InvalidInputError(
            "sealing.deprecated",
            "the deprecated field spec.data is not read",
            _name(document),
            hint,
        )
    annotations = _mapping(metadata, "annotations")
    scope = scope_of({key: text for key, text in annotations.items() if isinstance(text, str)})
    label = scope.label(metadata.get("namespace") or "", metadata.get("name") or "")

    def open_item(item: str, text: object) -> SecretValue:
        del item
        return keys.open(text if isinstance(text, str) else "", label).value

    return _all(_mapping(spec, "encryptedData"), open_item, _name(document))


def _rendered(
    templates: Mapping[str, Any], values: Mapping[str, SecretValue], name: str
) -> dict[str, SecretValue]:
    if not templates:
        return {}
    # Only here: the engine of templates takes long to load.
    from keyfleet.transform.gotemplate import TemplateError, render
    from keyfleet.transform.gotemplate.values import decoded, encoded

    texts = {key: text if isinstance(text, str) else "" for key, text in templates.items()}
    root = texts | {key: decoded(value.reveal()) for key, value in values.items()}

    def render_item(item: str, text: object) -> SecretValue:
        try:
            made = render(str(text), root, functions=FUNCTIONS, name=item, string_map=True)
        except TemplateError as error:
            problem = InvalidInputError("sealing.template", str(error))
        else:
            return SecretValue(encoded(made))
        raise problem

    return _all(texts, render_item, name)


def _all(
    items: Mapping[str, Any], make: Callable[[str, Any], SecretValue], name: str
) -> dict[str, SecretValue]:
    """Return what is made of each item.

    Raises:
        KeyfleetError: Of the kind of the first problem; it names every item that has one.
    """
    found: dict[str, SecretValue] = {}
    problems: dict[str, KeyfleetError] = {}
    for item in sorted(items):
        try:
            found[item] = make(item, items[item])
        except KeyfleetError as error:
            problems[item] = error
    if problems:
        raise _combined(problems, name)
    return found


def _combined(problems: Mapping[str, KeyfleetError], name: str) -> KeyfleetError:
    first = next(iter(problems.values()))
    kinds = {problem.message for problem in problems.values()}
    parts = [f"{message} ({_items(problems, message)})" for message in sorted(kinds)]
    kind: type[PermanentError] = (
        DeniedError
        if all(isinstance(each, DeniedError) for each in problems.values())
        else InvalidInputError
    )
    return kind(first.code, "the SealedSecret cannot be opened", f"{name}: {'; '.join(parts)}")


def _items(problems: Mapping[str, KeyfleetError], message: str) -> str:
    items: Iterable[str] = (item for item, each in problems.items() if each.message == message)
    return ", ".join(items)


def _name(document: Mapping[str, Any]) -> str:
    metadata = _mapping(document, "metadata")
    return "/".join(str(metadata[each]) for each in ("namespace", "name") if metadata.get(each))


def _mapping(document: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = document.get(field)
    return found if isinstance(found, Mapping) else {}
