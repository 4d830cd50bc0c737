# SPDX-License-Identifier: Apache-2.0
"""Which of our errors stands for what AWS, or the way there, answered.

What AWS says is read and never quoted: its texts hold parts of requests. Its error codes are shown
when they are plain words.
Source: AWS' common errors, and those of GetSecretValue, GetParameter and AssumeRole.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)
from botocore.parsers import ResponseParserError

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeerrors import secret_not_found
from keyfleet.sources.aws import codes

LIBRARY_ERRORS: Final = (
    BotoCoreError,
    ClientError,
    OSError,  # also TimeoutError
    aiohttp.ClientError,
    ResponseParserError,
    # What the parsers raise for an answer that is not AWS'.
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)

_AWAY: Final = (
    AwsConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
    OSError,
    aiohttp.ClientError,
)
VERSION_MISSING: Final = "store.version_missing"
_PLAIN_CODE: Final = re.compile(r"[A-Za-z]{1,64}")


def error_of(error: Exception, operation: str, *, key: str, endpoint: str) -> KeyfleetError:
    """Return our error for one of `LIBRARY_ERRORS`; the caller raises it outside of `except`.

    Args:
        error: What the library raised.
        operation: As AWS names it.
        key: What was asked for; no secret.
        endpoint: Where.
    """
    if isinstance(error, ClientError):
        return refusal_of(error.response, operation, key)
    if isinstance(error, ParamValidationError):
        return _refused(f"{operation} {key}", "its name, or a setting, breaks AWS' rules of form")
    return _no_answer(error, f"{operation} at {endpoint}")


def setup_error_of(error: Exception, where: str) -> KeyfleetError:
    """Return our error for one of `LIBRARY_ERRORS` that came up before anything was asked."""
    if isinstance(error, ClientError):
        return refusal_of(error.response, where, "")
    if isinstance(error, _AWAY) and not isinstance(error, FileNotFoundError | PermissionError):
        return _no_answer(error, where)
    return PermanentError(
        "store.sdk_settings",
        "the settings of AWS' library cannot be used",
        where,
        "correct the variables AWS_... of Keyfleet, and the files that they name",
    )


def refusal_of(response: Mapping[str, Any], operation: str, key: str) -> KeyfleetError:
    """Return our error for an answer of AWS that says no."""
    told = response.get("Error")
    answer = told if isinstance(told, Mapping) else {}
    code, text = (str(answer.get(name, "")) for name in ("Code", "Message"))
    status = _metadata(response, "HTTPStatusCode")
    what = " ".join(filter(None, (operation, key, _shown(code))))
    if status == 429 or code in codes.THROTTLED:
        return ThrottledError(
            "store.throttled",
            "the store's provider asks for fewer requests",
            what,
            retry_after=_retry_after(response),
        )
    if code in codes.ABSENT or (
        code in codes.LEAVING and any(mark in text for mark in codes.MARKED)
    ):
        return _absent(key, has_secret=codes.NO_SUCH_VALUE in text)
    if code in codes.NO_VERSION:
        return _absent(key, has_secret=True)
    if code in codes.DENIED or status in (401, 403):
        return DeniedError(
            "store.denied",
            "the store's provider denies this",
            what,
            "allow it in the policy of the role or user that the store logs in as",
        )
    if code in codes.FAILED or (isinstance(status, int) and status >= 500):
        return UnreachableError("store.unavailable", "the store's provider failed", what)
    return _refused(what, "look the code up in AWS' documentation of that operation")


def _absent(key: str, *, has_secret: bool) -> KeyfleetError:
    if not has_secret:
        return secret_not_found(Query(How.VALUE, key))
    # No absence of the secret: a wrong version must not delete what was delivered.
    return PermanentError(
        "store.version_missing",
        "the secret in the store has no such version",
        key,
        "correct the version, or give the secret a value",
    )


def _refused(what: str, hint: str) -> KeyfleetError:
    return PermanentError("store.refused", "the store's provider refuses the request", what, hint)


def _no_answer(error: Exception, where: str) -> KeyfleetError:
    match error:
        case SSLError():
            return UnreachableError(
                "store.tls",
                "the store's certificate is not trusted, or TLS failed",
                where,
                "set AWS_CA_BUNDLE to a file with the CA, or correct the endpoint",
            )
        case ProxyConnectionError():
            return UnreachableError(
                "store.proxy",
                "the proxy in front of the store's provider does not answer",
                where,
                "check HTTPS_PROXY and NO_PROXY of Keyfleet",
            )
        case TimeoutError() | ConnectTimeoutError() | ReadTimeoutError():
            return UnreachableError(
                "store.timeout", "the store's provider does not answer in time", where, _WAY
            )
        case OSError() | BotoCoreError() | aiohttp.ClientError():
            return UnreachableError(
                "store.unreachable", "the store's provider does not answer", where, _WAY
            )
    return foreign(where)


def foreign(where: str) -> KeyfleetError:
    """Return the error for an answer that cannot be AWS'."""
    return UnreachableError("store.foreign_answer", "what answers is not AWS", where, _WAY)


_WAY: Final = "check the region, the endpoint settings and the network's rules"


def _shown(code: str) -> str:
    return f"({code})" if _PLAIN_CODE.fullmatch(code) else ""


def _metadata(response: Mapping[str, Any], name: str) -> Any:
    found = response.get("ResponseMetadata")
    return found.get(name) if isinstance(found, Mapping) else None


def _retry_after(response: Mapping[str, Any]) -> timedelta | None:
    headers = _metadata(response, "HTTPHeaders") or {}
    text = str(headers.get("retry-after", ""))
    return timedelta(seconds=int(text)) if text.isdecimal() and len(text) <= 6 else None
