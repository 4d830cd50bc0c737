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
    rule = _RULES.get(kind)
    if rule is None:
        return
    for key in rule.all_of:
        _check_key(kind, rule, key, values.get(key))
    if rule.any_of and not any(key in values for key in rule.any_of):
        raise _error("type_key", "the type needs one of these keys", kind, " or ".join(rule.any_of))


def _check_key(kind: str, rule: _Rule, key: str, value: SecretValue | None) -> None:
    if value is None:
        raise _error("type_key", "the type needs a key that is missing", kind, key)
    if rule.filled and not value.size:
        raise _error("type_value", "the type needs a value that is empty", kind, key)
    if rule.json and not _is_json_object(value):
        raise _error("type_value", "the type needs a JSON object as value", kind, key)


def _is_json_object(value: SecretValue) -> bool:
    try:
        document = decode_json(value.reveal(), subject="")
    except InvalidInputError:
        return False
    # Go decodes `null` into a map without an error, so the API server takes it.
    return document is None or isinstance(document, dict)


def _error(code: str, message: str, kind: str, key: str) -> TransformError:
    hint = "add or rename the key with spec.data, or set another spec.template.type"
    return TransformError(f"transform.{code}", message, f"{kind}: {key}", hint, key=key)
