# SPDX-License-Identifier: Apache-2.0
"""What several providers make of a value that they read; pure."""

from keyfleet.base import gojson
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Query
from keyfleet.plugin.storeerrors import not_an_object
from keyfleet.plugin.stores import Answer


def members_of(query: Query, document: bytes) -> Answer:
    """Return the members of a JSON object: texts as they are, all else as written.

    Raises:
        TransformError: `store.not_an_object`.
    Source: docs/compat/eso.md, "Values".
    """
    members = gojson.members(document)
    if members is None:
        raise not_an_object(query)
    return {name: SecretValue(gojson.plain(raw)) for name, raw in members.items()}
