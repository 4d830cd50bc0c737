# SPDX-License-Identifier: Apache-2.0
"""SealedSecret as a tolerant struct.

Sealed items are not part of it: whatever stands in their place is read as upstream reads it.
Source: compat/sealed-secrets.md 2.1.
"""

from typing import Any

import msgspec

from keyfleet.model.v1alpha1.common import ApiStruct


class TemplateMetadata(ApiStruct, frozen=True, kw_only=True):
    """Metadata of the Secret; what else upstream would copy means nothing to a Secret."""

    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    finalizers: tuple[str, ...] = ()


class Template(ApiStruct, frozen=True, kw_only=True):
    """`spec.template`: the Secret besides its sealed items."""

    metadata: TemplateMetadata = TemplateMetadata()
    type: str = ""
    immutable: bool = False
    data: dict[str, str] = msgspec.field(default_factory=dict)
    """Templates, not base64."""


class SealedSecretSpec(ApiStruct, frozen=True, kw_only=True):
    """`spec`."""

    encrypted_data: Any = None
    data: Any = None
    """A complete Secret sealed as one text; deprecated, and another way where it is there."""
    template: Template = Template()

    @property
    def items(self) -> dict[str, str]:
        """Item name -> sealed text: what is no text is empty, which no key opens."""
        found = self.encrypted_data if isinstance(self.encrypted_data, dict) else {}
        return {name: text if isinstance(text, str) else "" for name, text in found.items()}

    @property
    def whole(self) -> str | None:
        """The complete Secret that is sealed as one text; None where there is none."""
        if self.data is None:
            return None
        return self.data if isinstance(self.data, str) else ""
