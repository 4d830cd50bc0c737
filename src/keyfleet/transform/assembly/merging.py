# SPDX-License-Identifier: Apache-2.0
"""Values that are JSON objects, merged into one.

Source: docs/compat/eso.md, "Rewrite".
"""

from collections.abc import Mapping
from typing import Any, Final

from keyfleet.base import gojson
from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import ConflictRule, MergeRewrite, MergeStrategy
from keyfleet.transform.assembly.faults import about
from keyfleet.transform.assembly.objects import object_of
from keyfleet.transform.keys import shown

MERGED_MAX_BYTES: Final = 1 << 20
"""Of all values that are merged: reading that much takes a tenth of a second."""


def merged(
    values: Mapping[str, SecretValue], merge: MergeRewrite, *, place: str
) -> dict[str, SecretValue]:
    """Return the values as one merge leaves them.

    Raises:
        TransformError: `transform.merge_*`: a key of `priority` is absent, a value is no JSON
            object, two have the same member, `into` is missing, or they are too large.
    """
    made = _made(values, merge, place)
    if merge.strategy is MergeStrategy.EXTRACT:
        return {key: SecretValue(gojson.text_of(value)) for key, value in made.items()}
    if not merge.into:
        raise TransformError(
            "transform.merge_into", "the merge does not say into which key", place, "set `into`"
        )
    text = SecretValue(gojson.encode(made, escape_html=False))
    return {**values, merge.into: text}


def _made(values: Mapping[str, SecretValue], merge: MergeRewrite, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    twice: set[str] = set()
    keys = _in_order(values, merge, place)
    if sum(values[key].size for key in set(keys)) > MERGED_MAX_BYTES:
        raise TransformError(
            "transform.merge_large", "more than 1 MiB to merge", place, "merge fewer secrets"
        )
    for key in keys:
        members = object_of(values[key].reveal())
        if members is None:
            raise TransformError(
                "transform.merge_object",
                "only JSON objects can be merged",
                about(place, key),
                "leave it out, or correct the secret at the store",
                key=shown(key),
            )
        twice.update(found.keys() & members.keys())
        found.update(members)
    if twice and merge.on_conflict is ConflictRule.ERROR:
        raise TransformError(
            "transform.merge_conflict",
            "several entries have the same member",
            about(place, *twice),
            "set conflictPolicy: Ignore to let the later one win",
            key=shown(min(twice)),
        )
    return found


def _in_order(values: Mapping[str, SecretValue], merge: MergeRewrite, place: str) -> list[str]:
    others = sorted(
        values.keys() - set(merge.priority), key=lambda key: key.encode("utf-8", "surrogatepass")
    )
    absent = [key for key in merge.priority if key not in values]
    if absent and not merge.allows_absent:
        raise TransformError(
            "transform.merge_absent",
            "priority names a key that is not there",
            about(place, *absent),
            "correct priority, or set priorityPolicy: IgnoreNotFound",
            key=shown(absent[0]),
        )
    return [*others, *(key for key in merge.priority if key in values)]
