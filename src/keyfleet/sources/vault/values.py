# SPDX-License-Identifier: Apache-2.0
"""What a manifest gets of an object that Vault holds; pure.

Source: docs/compat/eso.md, "Values" and "HashiCorp Vault".
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from keyfleet.base import gjson, gojson
from keyfleet.base.gojson import text_of
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeerrors import not_an_object, property_missing
from keyfleet.plugin.stores import Answer

Members = Mapping[str, Any]
"""As `decoded`."""
NO_JSON: Final = object()

# A number keeps its text: `1.0` is not `1` where a whole document is asked for.
_DECODER = msgspec.json.Decoder(float_hook=lambda text: gojson.Raw(text.encode()))


def decoded(document: bytes) -> Any:
    """Return a JSON document, or `NO_JSON`.

    Numbers with a fraction or an exponent become `gojson.Raw`, whole ones are ints of any size.
    """
    try:
        return _DECODER.decode(document)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return NO_JSON


def answer_of(query: Query, members: Members) -> Answer:
    """Return what a query for one secret wants of its members.

    Raises:
        TransformError: `store.property_missing`, `store.not_an_object`.
    """
    if query.how is How.MAP and not query.property:
        return texts_of(members)
    if query.is_metadata and not members:
        return SecretValue(b"")
    value = _part_of(query, members) if query.property else whole_of(members)
    if query.how is not How.MAP:
        return SecretValue(value)
    inner = decoded(value)
    if inner is None:
        return {}
    if not isinstance(inner, dict):
        raise not_an_object(query)
    return texts_of(inner)


def _part_of(query: Query, members: Members) -> bytes:
    # A key comes before a path of the same text, so that keys may hold dots.
    if query.property in members:
        return text_of(members[query.property])
    found = gjson.find(whole_of(members), query.property)
    if found is None:
        raise property_missing(query)
    return found.text()


def whole_of(members: Members) -> bytes:
    """Return all members as JSON; keys sorted, HTML escaped."""
    return gojson.encode(dict(members), escape_html=True)


def texts_of(members: Members) -> dict[str, SecretValue]:
    """Return what a Secret gets of each member."""
    return {name: SecretValue(text_of(member)) for name, member in members.items()}
