# SPDX-License-Identifier: Apache-2.0
"""The pieces that schemas of other tools' kinds are put together from."""

from collections.abc import Mapping
from typing import Any

from keyfleet.model.v1alpha1.common import DNS_LABEL, DNS_SUBDOMAIN, KEY_NAME

Schema = dict[str, Any]

OPEN: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
"""An object of which nothing is said."""
TEXT: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
LIST_OF_TEXTS: Schema = {"type": "array", "items": TEXT}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 253, "pattern": DNS_SUBDOMAIN}
NAMESPACE: Schema = {"type": "string", "minLength": 1, "maxLength": 63, "pattern": DNS_LABEL}
KEY: Schema = {"type": "string", "minLength": 1, "maxLength": 253, "pattern": KEY_NAME}
TIME: Schema = {"type": "string", "format": "date-time"}

LABEL_SELECTOR: Schema = {
    "type": "object",
    "x-kubernetes-map-type": "atomic",
    "properties": {
        "matchLabels": TEXTS,
        "matchExpressions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "operator"],
                "properties": {"key": TEXT, "operator": TEXT, "values": LIST_OF_TEXTS},
            },
        },
    },
}


def words(*allowed: str, default: str | None = None) -> Schema:
    """Return the schema of one of several words."""
    return {"type": "string", "enum": list(allowed)} | _default(default)


def text(default: str | None = None) -> Schema:
    """Return the schema of a text."""
    return TEXT | _default(default)


def several(item: Schema, **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": item, **more}


def fields(
    properties: Mapping[str, Schema], *required: str, one_key: bool = False, **more: Any
) -> Schema:
    """Return the schema of an object that keeps what is not named here.

    Args:
        properties: What is known of it.
        required: The fields that it has to have.
        one_key: It has exactly one field.
        more: Further keywords.
    """
    found: Schema = {**OPEN, "properties": dict(properties), **more}
    if required:
        found["required"] = list(required)
    return found | ({"minProperties": 1, "maxProperties": 1} if one_key else {})


def conditions() -> Schema:
    """Return the schema of `status.conditions`."""
    names = ("type", "status", "reason", "message")
    known = dict.fromkeys(names, TEXT) | {"lastTransitionTime": TIME}
    return several(fields(known, "type", "status"))


def _default(value: str | None) -> Schema:
    return {} if value is None else {"default": value}
