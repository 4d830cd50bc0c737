# SPDX-License-Identifier: Apache-2.0
"""What a query wants of a Secret, byte for byte as upstream answers; pure.

Source: docs/compat/eso-kubernetes.md, "Answers".
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from keyfleet.base import codec, gjson, gojson
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Query
from keyfleet.plugin.storeerrors import not_an_object, property_missing
from keyfleet.sources.remotecluster.asking import RemoteSecret, Texts

Values = Mapping[str, SecretValue]

DEPTH_MAX = 100
"""Deepest JSON whose members are extracted."""


def value(query: Query, secret: RemoteSecret) -> SecretValue:
    """Return the answer to `data[]`.

    Raises:
        TransformError: `store.property_missing`.
    """
    if query.is_metadata:
        found = _metadata_value(query.property, secret)
    elif query.property:
        found = _data_value(query.property, secret.data)
    else:
        return as_json(secret.data)
    if found is None:
        raise property_missing(query)
    return found


def members(query: Query, secret: RemoteSecret) -> Values:
    """Return the answer to `dataFrom[].extract`.

    Raises:
        TransformError: `store.property_missing`, `store.not_an_object`.
    """
    values = _metadata(secret) if query.is_metadata else secret.data
    if not query.property:
        return values
    found = _property_of(query, values)
    if found is None:
        raise property_missing(query)
    document = _object_of(found)
    if document is None:
        raise not_an_object(query)
    return {
        name: SecretValue(gojson.encode(member, escape_html=False))
        for name, member in document.items()
    }


def as_json(texts: Texts) -> SecretValue:
    """Return the JSON object of texts, `null` for None; bytes that are no UTF-8 are replaced."""
    revealed = None if texts is None else {name: one.reveal() for name, one in texts.items()}
    return SecretValue(gojson.encode(revealed, escape_html=False))


def _data_value(wanted: str, values: Values) -> SecretValue | None:
    """Return the key of that name, else a part of the JSON in the key before the first dot."""
    if wanted in values:
        return values[wanted]
    key, dot, path = wanted.partition(".")
    if not (dot and path and key in values):
        return None
    return _part(values[key], path)


def _metadata_value(wanted: str, secret: RemoteSecret) -> SecretValue | None:
    if not wanted:
        both = _metadata(secret)
        raw = {name: gojson.Raw(text.reveal()) for name, text in both.items()}
        # Not compacted: what is in it was made without blanks.
        return SecretValue(gojson.encode(raw, escape_html=False))
    kind, dot, name = wanted.partition(".")
    kinds = {"labels": secret.labels, "annotations": secret.annotations}
    if kind not in kinds:
        return None
    texts = kinds[kind]
    if not dot:
        return as_json(texts)
    # Upstream takes what is before the next dot for the name, which most annotations have dots in.
    return _data_value(name, texts or {})


def _metadata(secret: RemoteSecret) -> Values:
    return {"labels": as_json(secret.labels), "annotations": as_json(secret.annotations)}


def _property_of(query: Query, values: Values) -> bytes | None:
    """Return the key of that name; a path may also choose a key, by a wildcard for example."""
    if query.property in values:
        return values[query.property].reveal()
    encoded = {name: b64encode(one.reveal()) for name, one in values.items()}
    found = gjson.find(gojson.encode(encoded, escape_html=False), query.property)
    if found is None:
        return None
    try:
        return b64decode(found.text(), validate=True)
    except binascii.Error:
        problem = not_an_object(query)
    raise problem


def _part(document: SecretValue, path: str) -> SecretValue | None:
    found = gjson.find(document.reveal(), path)
    return None if found is None else SecretValue(found.text())


def _object_of(document: bytes) -> dict[str, Any] | None:
    """Return a JSON object as Go reads it without being told a type: all numbers are floats."""
    try:
        found = _floats(codec.decode_json(document, subject=""), DEPTH_MAX)
    except (InvalidInputError, OverflowError):
        return None
    return found if isinstance(found, dict) else None


def _floats(decoded: Any, depth: int) -> Any:
    if not depth:
        raise InvalidInputError("input.json", "nested too deeply")
    match decoded:
        case dict():
            return {name: _floats(member, depth - 1) for name, member in decoded.items()}
        case list():
            return [_floats(member, depth - 1) for member in decoded]
        case int() if not isinstance(decoded, bool):
            return float(decoded)
    return decoded
