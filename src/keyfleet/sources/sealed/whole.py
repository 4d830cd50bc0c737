# SPDX-License-Identifier: Apache-2.0
"""A complete Secret that was sealed as one text, as before upstream's 0.7.

Source: compat/sealed-secrets.md 1.5. Such texts are older than immutable Secrets.
"""

from typing import Any, Literal

import msgspec

from keyfleet.base.codec import decode_json_as
from keyfleet.base.errors import InvalidInputError, UnsealError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import Apparel, SecretData


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Secret(msgspec.Struct, rename="camel"):
    # Required: many a value is JSON with a `type` of its own, and is no Secret for that.
    api_version: Literal["v1"]
    kind: Literal["Secret"]
    metadata: _Metadata | None = None
    type: str | None = None
    data: dict[str, bytes] | None = None
    string_data: dict[str, str] | None = None

    def __repr__(self) -> str:
        # The generated one would show the values.
        return "_Secret(***)"


def secret_of(text: SecretValue, version: str, subject: str) -> SecretData:
    """Return what the JSON of a Secret says.

    Args:
        text: The JSON.
        version: Of what was opened.
        subject: The manifest, for people.

    Raises:
        UnsealError: It is no Secret.
    """
    secret = _decoded(text, subject)
    metadata = secret.metadata or _Metadata()
    values: dict[str, Any] = dict(secret.data or {})
    values.update({key: given.encode() for key, given in (secret.string_data or {}).items()})
    return SecretData(
        {key: SecretValue(value) for key, value in values.items()},
        secret.type or "",
        version,
        apparel=Apparel(metadata.labels or {}, metadata.annotations or {}),
    )


def _decoded(text: SecretValue, subject: str) -> _Secret:
    try:
        return decode_json_as(_Secret, text.reveal(), subject=subject)
    except InvalidInputError:
        pass
    # Raised out here, so that nothing of what was opened stays as its context.
    hint = "seal the Secret again, item by item, with a present kubeseal or `keyfleet seal`"
    raise UnsealError("source.unsealing", "what was sealed is no Secret", subject, hint)
