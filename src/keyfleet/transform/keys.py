# SPDX-License-Identifier: Apache-2.0
"""Which keys a target gets, under which names, and how large the whole may be."""

import re
from collections.abc import Mapping

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.intent import KeyRename

SIZE_MAX_BYTES = 1_048_576
"""Largest sum of the values; key names do not count (compat/fleet.md 3.6)."""

_NAME = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_SHOWN_MAX = 64


def select(data: SecretData, renames: tuple[KeyRename, ...] | None) -> dict[str, SecretValue]:
    """Return the wanted keys under their new names.

    Args:
        data: What the source gave.
        renames: Keys to take; None takes every key as it is, an empty tuple takes none.
    Raises:
        TransformError: `transform.key_missing` or `transform.key_duplicate`.
    """
    entries = data.entries()
    if renames is None:
        return entries
    chosen: dict[str, SecretValue] = {}
    for rename in renames:
        if rename.origin not in entries:
            raise TransformError(
                "transform.key_missing",
                "the source has no key of this name",
                shown(rename.origin),
                "correct spec.data, or add the key to the source",
                key=rename.origin,
            )
        if rename.target in chosen:
            raise TransformError(
                "transform.key_duplicate",
                "two keys would get the same name",
                shown(rename.target),
                "give each entry of spec.data its own target name",
                key=rename.target,
            )
        chosen[rename.target] = entries[rename.origin]
    return chosen


def is_name(key: str) -> bool:
    """Tell whether a Secret may have such a key."""
    return bool(_NAME.fullmatch(key)) and key != "." and not key.startswith("..")


def check_names(values: Mapping[str, SecretValue]) -> None:
    """Refuse key names that no Secret may have.

    Raises:
        TransformError: `transform.key_name`.
    Source: docs/compat/fleet.md 3.6; Kubernetes 1.36 `IsConfigMapKey`.
    """
    for key in values:
        if not is_name(key):
            raise TransformError(
                "transform.key_name",
                "not a valid key of a Secret",
                shown(key),
                "rename it with spec.data",
                key=shown(key),
            )


def check_size(values: Mapping[str, SecretValue]) -> None:
    """Refuse more than an API server stores.

    Raises:
        TransformError: `transform.too_large`, naming the largest key.
    """
    if sum(value.size for value in values.values()) > SIZE_MAX_BYTES:
        largest = max(values, key=lambda key: values[key].size)
        raise TransformError(
            "transform.too_large",
            "the values are larger than the 1 MiB a Secret may hold; the largest key is",
            largest,
            "deliver fewer keys, or split the secret into several",
            key=largest,
        )


def shown(key: str) -> str:
    """Return a key for people, cut where it is long."""
    # A key that came out of a mis-parsed document may be long: it is a name, not a place for text.
    return key if len(key) <= _SHOWN_MAX else f"{key[:_SHOWN_MAX]}..."
