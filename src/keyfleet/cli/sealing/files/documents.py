# SPDX-License-Identifier: Apache-2.0
"""Streams of manifests as kubeseal takes and gives them: YAML documents, or JSON objects in a row.

Source: compat/sealed-secrets.md 4.4.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any

import msgspec

from keyfleet.base import codec, jsontext
from keyfleet.base.errors import InvalidInputError

SEALED_API, SEALED_KIND = "bitnami.com/v1alpha1", "SealedSecret"

Document = dict[str, Any]


class Style(StrEnum):
    """How manifests are written."""

    JSON = "json"
    YAML = "yaml"


def parse_style(text: str) -> Style:
    """Return the style of that name, in any case.

    Raises:
        InvalidInputError: There is none.
    """
    try:
        return Style(text.lower())
    except ValueError:
        raise InvalidInputError(
            "cli.usage", "unsupported output format", text, "use json or yaml"
        ) from None


def style_of(raw: bytes) -> Style:
    """Return how a text with manifests is written."""
    return Style.JSON if raw.lstrip().startswith(b"{") else Style.YAML


def read_documents(raw: bytes, subject: str) -> list[Document]:
    """Return the manifests of a stream in order; empty ones are left out.

    Raises:
        InvalidInputError: Neither JSON nor YAML, or one is no object; nothing of it is quoted.
    """
    found = _contents(raw, subject)
    for content in found:
        if not isinstance(content, dict):
            raise InvalidInputError("input.shape", "a document is no object", subject)
    return found


def expanded(documents: Iterable[Document]) -> Iterator[Document]:
    """Yield the manifests, and those within each List in its place."""
    for document in documents:
        items = document.get("items")
        if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
            yield from expanded(item for item in items if isinstance(item, dict))
        else:
            yield document


def is_sealed_secret(document: Mapping[str, Any]) -> bool:
    """Tell whether a manifest is a SealedSecret."""
    return document.get("kind") == SEALED_KIND and document.get("apiVersion") == SEALED_API


def written(documents: Iterable[Mapping[str, Any]], style: Style) -> str:
    """Return manifests as a stream: each YAML document begins with `---`, none ends with it."""
    if style is Style.YAML:
        return "".join(f"---\n{codec.encode_yaml(document)}" for document in documents)
    return "".join(f"{_json(document)}\n" for document in documents)


def _json(document: Mapping[str, Any]) -> str:
    return msgspec.json.format(codec.encode_json(document), indent=2).decode()


def _contents(raw: bytes, subject: str) -> list[Any]:
    if style_of(raw) is Style.JSON:
        # A YAML stream may begin with a brace, too; its error says where.
        with suppress(InvalidInputError):
            return [codec.decode_json(text, subject=subject) for text in jsontext.stream(raw)]
    return [document.content for document in codec.decode_yaml(raw, subject=subject)]
