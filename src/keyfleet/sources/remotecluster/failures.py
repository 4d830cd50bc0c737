# SPDX-License-Identifier: Apache-2.0
"""What an API server's refusal, or its silence, means to those who read a store.

The codes are those of the other providers, so that whoever looks at stores learns them once.
"""

from typing import Final

from keyfleet.base.errors import (
    DeniedError,
    ExpiredError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)

UNAUTHORIZED: Final = "api.unauthorized"
_OF_THE_SERVER: Final = ("api.", "list.")
_WAY: Final = "check server.url, and that the network lets Keyfleet through"


def store_error(error: KeyfleetError) -> KeyfleetError:
    """Return the error of a request as providers of stores say it; others stay as they are."""
    if not error.code.startswith(_OF_THE_SERVER):
        return error
    what = error.subject
    match error:
        case DeniedError() | UnreachableError(code="api.unauthorized"):
            return DeniedError(
                "store.denied",
                "the store's login may not do this",
                what,
                "grant it, or renew the credentials that the store names",
            )
        case ThrottledError(retry_after=wait):
            return ThrottledError(
                "store.throttled",
                "the store's provider asks for fewer requests",
                what,
                retry_after=wait,
            )
        case UnreachableError() | ExpiredError():
            return _no_answer(error)
        case NotFoundError():
            # Absence was told apart before: what does not serve Secrets is no API server.
            return _foreign(what)
    return PermanentError(
        "store.refused",
        "the store's provider refuses the request",
        what,
        f"the API server's answer was {error.code}",
    )


def _no_answer(error: UnreachableError | ExpiredError) -> UnreachableError:
    what = error.subject
    match error.code:
        case "api.tls":
            return UnreachableError(
                "store.tls",
                "the store's certificate is not trusted, or TLS failed",
                what,
                "check server.caBundle or caProvider, and the host name of server.url",
            )
        case "api.server_error" | "api.too_new":
            wait = error.retry_after if isinstance(error, UnreachableError) else None
            return UnreachableError(
                "store.unavailable", "the store's provider failed", what, retry_after=wait
            )
        case "api.unexpected_answer" | "api.oversized_answer":
            return _foreign(what)
        case "api.timeout":
            return UnreachableError(
                "store.timeout", "the store's provider does not answer in time", what, _WAY
            )
    return UnreachableError("store.unreachable", "the store's provider does not answer", what, _WAY)


def _foreign(what: str) -> UnreachableError:
    return UnreachableError("store.foreign_answer", "what answers is no API server", what, _WAY)
