# SPDX-License-Identifier: Apache-2.0
"""What no native manifest may ask for, whatever a policy says."""

from keyfleet.base.errors import InvalidIntentError

SPECIAL_TYPES = frozenset(
    {
        "kubernetes.io/service-account-token",
        "bootstrap.kubernetes.io/token",
        "helm.sh/release.v1",
    }
)
"""Secret types that a controller or the API server reads as authority or as its own state."""

SPECIAL_TYPE = "intent.special_type"


def check_type(secret_type: str, *, path: str) -> None:
    """Refuse a special Secret type.

    Raises:
        InvalidIntentError: `intent.special_type`.
    """
    if secret_type in SPECIAL_TYPES:
        hint = "use an ordinary type such as Opaque"
        raise InvalidIntentError(
            SPECIAL_TYPE, "Secrets of this type are never delivered", hint=hint, path=path
        )
