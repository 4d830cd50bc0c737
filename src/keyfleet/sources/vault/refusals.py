# SPDX-License-Identifier: Apache-2.0
"""What an answer of the server means when it is no success; nothing of its text gets into an error.

Source: docs/compat/vault.md 3.1, 3.9.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    PermanentError,
    SecretNotFoundError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.kube.network import network_error
from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeerrors import secret_not_found

_LONGEST_WAIT_S = 3600.0
_NETWORK_HINTS = {
    "api.timeout": "it took too long",
    "api.unreachable": "check the address, and that the network lets Keyfleet through",
    "api.interrupted": "the connection broke",
    "api.off_limits": "its name leads to a link-local address, where stores may not send",
}
_STANDBY = {
    412: "what was written last has not arrived at this node yet",
    472: "this node is a standby of a disaster recovery cluster",
    473: "this node is a performance standby",
    501: "the server is not initialised",
}


def unreachable(error: Exception, subject: str) -> UnreachableError:
    """Return our error for a failure of the network; nothing of it is quoted."""
    code = network_error(error, subject).code
    if code == "api.tls":
        return UnreachableError(
            "store.tls",
            "the store's certificate is not trusted, or TLS failed",
            subject,
            "check caBundle or caProvider, the host name, and the client certificate",
        )
    hint = _NETWORK_HINTS.get(code, "")
    return UnreachableError(
        "store.unreachable", "the store's provider does not answer", subject, hint
    )


def foreign_answer(subject: str) -> UnreachableError:
    """Return the error for an answer that no Vault gives, such as the page of a load balancer."""
    return UnreachableError(
        "store.foreign_answer",
        "what answers is no Vault",
        subject,
        "check the address, and what stands between Keyfleet and the store",
    )


def refusal(
    status: int, document: Mapping[str, Any] | None, headers: Mapping[str, str], *, subject: str
) -> KeyfleetError:
    """Return the error for a status other than success; `document` is None where it is no JSON."""
    if status == 429:
        wait = retry_after(headers)
        return ThrottledError(
            "store.throttled",
            "the store's provider asks for fewer requests",
            subject,
            retry_after=wait,
        )
    if status >= 500 or status in _STANDBY:
        return _failure(status, document, headers, subject)
    if document is None:
        return foreign_answer(subject)
    if status in {401, 403}:
        return DeniedError(
            "store.denied",
            "the store's login may not do this",
            subject,
            "grant the login's policy `read` there, and `list` for find",
        )
    if status == 404:
        return _nothing_there(document, subject)
    return PermanentError(
        "store.refused", "the store's provider refuses the request", f"{subject} [{status}]"
    )


def _failure(
    status: int, document: Mapping[str, Any] | None, headers: Mapping[str, str], subject: str
) -> KeyfleetError:
    where, wait = f"{subject} [{status}]", retry_after(headers)
    if status == 503 and _says(document, "sealed"):
        return UnreachableError(
            "store.sealed", "the store is sealed", where, "unseal it", retry_after=wait
        )
    if status in _STANDBY:
        return UnreachableError(
            "store.standby",
            "this node of the store cannot answer now",
            where,
            _STANDBY[status],
            retry_after=wait,
        )
    return UnreachableError(
        "store.unavailable",
        "the store's provider failed",
        where,
        "see its own log",
        retry_after=wait,
    )


def _nothing_there(document: Mapping[str, Any], subject: str) -> KeyfleetError:
    if _says(document, "no handler for route"):
        return PermanentError(
            "store.engine_missing",
            "nothing is mounted there",
            subject,
            "check path and namespace of the store",
        )
    if document.get("warnings"):
        # `Invalid path for a versioned K/V secrets engine`: the other version of KV is there.
        return other_version(subject=subject)
    if document.get("errors") == []:
        return absent(subject)
    return foreign_answer(subject)


def absent(key: str, version: str = "") -> SecretNotFoundError:
    """Return the error for a secret that is absent, or whose version was deleted."""
    return secret_not_found(Query(How.VALUE, key=key, version=version))


def other_version(*, subject: str) -> PermanentError:
    """Return the error for a KV engine of the other version."""
    return PermanentError(
        "store.kv_version",
        "the engine there is no KV of the store's version",
        subject,
        "correct version (v1 or v2) or path of the store",
    )


def _says(document: Mapping[str, Any] | None, text: str) -> bool:
    errors = (document or {}).get("errors")
    return isinstance(errors, list) and any(text in str(one).lower() for one in errors)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long to wait, at most an hour; None where the server does not say."""
    text = headers.get("Retry-After", "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return timedelta(seconds=min(float(text), _LONGEST_WAIT_S))
