# SPDX-License-Identifier: Apache-2.0
"""What a query wants of a whole remote secret.

Source: docs/compat/eso-aws.md, "Values".
"""

from collections.abc import Mapping

from keyfleet.base import gjson
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeanswers import members_of
from keyfleet.plugin.storeerrors import property_missing
from keyfleet.plugin.stores import Answer


def answer_of(query: Query, fetched: SecretValue | Mapping[str, SecretValue]) -> Answer:
    """Return the value, one property of it, or its members.

    Raises:
        TransformError: `store.property_missing`, `store.not_an_object`.
    """
    if not isinstance(fetched, SecretValue):
        return fetched
    value = _property(query, fetched.reveal()) if query.property else fetched.reveal()
    return members_of(query, value) if query.how is How.MAP else SecretValue(value)


def _property(query: Query, document: bytes) -> bytes:
    """Return a property: a key that has dots in its name comes before a path through members."""
    found = None
    if "." in query.property:
        found = gjson.find(document, gjson.escaped(query.property))
    found = found or gjson.find(document, query.property)
    if found is None:
        raise property_missing(query)
    return found.text()
