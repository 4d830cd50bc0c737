# SPDX-License-Identifier: Apache-2.0
"""What the API server demands of typed Secrets, said before anything is written.

Source: docs/compat/fleet.md 3.6; Kubernetes 1.36 `ValidateSecret`. Types that are never targets
(service account tokens, Helm releases, bootstrap tokens) are refused in `plan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.base.codec import decode_json
from keyfleet.base.errors import InvalidInputError, TransformError
from keyfleet.base.secret import SecretValue

DEFAULT_TYPE = "Opaque"
"""What the API server makes of an empty type."""


@dataclass(frozen=True, slots=True)
class _Rule:
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    filled: bool = False
    """The keys may not be empty."""
    json: bool = False
    """The keys hold a JSON object."""


_RULES = {
    "kubernetes.io/tls": _Rule(all_of=("tls.crt", "tls.key")),
    "kubernetes.io/dockerconfigjson": _Rule(all_of=(".dockerconfigjson",), json=True),
    "kubernetes.io/dockercfg": _Rule(all_of=(".dockercfg",), json=True),
    "kubernetes.io/basic-auth": _Rule(any_of=("username", "password")),
    "kubernetes.io/ssh-auth": _Rule(all_of=("ssh-privatekey",), filled=True),
}


def check_type(kind: str, values: Mapping[str, SecretValue]) -> None:
    """Refuse values that a Secret of this type may not hold; unknown types may hold anything.

    Raises:
        TransformError: `transform.type_key` or `transform.type_value`, naming the key.
    """
    rule = _RULES.get(kind, _Rule())
    for key in rule.all_of:
        value = values.get(key)
        if value is None:
            raise _key_missing(kind, key)
        _check_value(kind, rule, key, value)
    if rule.any_of and not any(key in values for key in rule.any_of):
        raise _key_missing(kind, " or ".join(rule.any_of))


def _check_value(kind: str, rule: _Rule, key: str, value: SecretValue) -> None:
    if (rule.filled and not value.size) or (rule.json and not _is_json_object(value)):
        raise TransformError(
            "transform.type_value",
            "the type of the Secret needs another value",
            f"{kind}: {key} must {'be a JSON object' if rule.json else 'not be empty'}",
            "correct the value at the source, or set another spec.template.type",
            key=key,
        )


def _key_missing(kind: str, key: str) -> TransformError:
    return TransformError(
        "transform.type_key",
        "the type of the Secret needs a key that is missing",
        f"{kind}: {key}",
        "add or rename the key with spec.data, or set another spec.template.type",
        key=key,
    )


def _is_json_object(value: SecretValue) -> bool:
    try:
        document = decode_json(value.reveal(), subject="")
    except InvalidInputError:
        return False
    # Go decodes `null` into a map without an error, so the API server takes it.
    return document is None or isinstance(document, dict)
