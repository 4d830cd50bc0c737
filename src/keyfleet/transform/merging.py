# SPDX-License-Identifier: Apache-2.0
"""Several sources as one: their keys side by side."""

from collections.abc import Mapping

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData


def merged(sources: Mapping[str, SecretData]) -> SecretData:
    """Return the keys of all sources together, of their common type where they have one.

    Raises:
        TransformError: `transform.key_ambiguous`: two of them have the same key.
    """
    if len(sources) == 1:
        return next(iter(sources.values()))
    found: dict[str, SecretValue] = {}
    of: dict[str, str] = {}
    for name, data in sources.items():
        for key, value in data.entries().items():
            if key in found:
                raise TransformError(
                    "transform.key_ambiguous",
                    "two sources have the same key",
                    f"{key} of {of[key]} and of {name}",
                    f"make it with spec.template.data, from .{of[key]} or .{name}",
                    key=key,
                )
            found[key], of[key] = value, name
    types = {data.type for data in sources.values()}
    return SecretData(found, types.pop() if len(types) == 1 else "")
