# SPDX-License-Identifier: Apache-2.0
"""Two ways to write one spec: with an API server's defaults and without.

A child is written as its parent has it and comes back with defaults; and of two versions of a kind
one has defaults that the other has not. Neither is an edit.
"""

from collections.abc import Mapping
from typing import Any, Final

DEFAULTS: Final[Mapping[str, str]] = {
    "apiVersion": "generators.external-secrets.io/v1alpha1",
    "conflictPolicy": "Error",
    "conversionStrategy": "Default",
    "creationPolicy": "Owner",
    "decodingStrategy": "None",
    "deletionPolicy": "Retain",
    "engineVersion": "v2",
    "into": "",
    "mergePolicy": "Replace",
    "metadataPolicy": "None",
    "nullBytePolicy": "Ignore",
    "priorityPolicy": "Strict",
    "refreshInterval": "1h0m0s",
    "strategy": "Extract",
    "target": "Data",
    "templateAs": "Values",
}
"""Fields anywhere in a spec, and what they are where they are left out."""

_TEXTS: Final = frozenset({"labels", "annotations", "tags", "data"})
"""Fields whose members are people's own, where they are objects."""


def is_same_spec(one: Any, other: Any) -> bool:
    """Tell whether two specs of ExternalSecrets say the same."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    """Return a value without what only repeats defaults."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {
        name: below if name in _TEXTS and isinstance(below, Mapping) else _plain(below)
        for name, below in value.items()
        if below is not None
    }
    return {
        name: below
        for name, below in found.items()
        if DEFAULTS.get(name) != below and not (name == "target" and below == {})
    }
