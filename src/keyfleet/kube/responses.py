# SPDX-License-Identifier: Apache-2.0
"""Turn an API server's refusal into our error; pure.

The server's message is looked at where nothing else tells two causes apart, and is never kept: for
some kinds it quotes what was sent (dependencies.md, section 6).
"""

import re
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    ExpiredError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    ThrottledError,
    UnreachableError,
    UnsupportedError,
)

CAUSES_SHOWN = 5
CAUSE_LENGTH = 120

_REASONS = frozenset(
    f"FieldValue{word}"
    for word in (
        *("Required", "Duplicate", "Invalid", "NotSupported", "Forbidden", "NotFound"),
        *("TooLong", "TooMany", "TypeInvalid"),
    )
) | {"InternalError", "FieldManagerConflict"}
_SECRET_FIELD = re.compile(
    r"(?P<top>metadata(?:\.(?:labels|annotations|name|namespace|ownerReferences|finalizers))?"
    r"|data|stringData|immutable|type)(?![A-Za-z])(?:\[(?P<key>[^\]]{1,253})\])?"
)


class Cause(msgspec.Struct, frozen=True):
    """One cause in a Status; its text is not decoded."""

    reason: str = ""
    field: str = ""


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """The part of Status.details that decisions use."""

    kind: str = ""
    causes: list[Cause] | None = None
    retry_after_seconds: int = 0


class Status(msgspec.Struct, frozen=True):
    """A meta/v1 Status."""

    code: int = 0
    reason: str = ""
    message: str = ""
    details: Details | None = None

    def has_cause(self, reason: str) -> bool:
        """Tell whether a cause of this type is named."""
        causes = self.details.causes if self.details else None
        return any(cause.reason == reason for cause in causes or ())


NOT_SERVED = "api.not_served"


def decode_status(body: bytes) -> Status:
    """Return the Status of a body; an empty one where the body is something else."""
    try:
        return msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Status()


def error_of(
    code: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    verb: str,
    subject: str,
    sent: bytes = b"",
) -> KeyfleetError:
    """Return the error of an HTTP answer that is not a success.

    Args:
        code: HTTP status.
        body: A Status, or anything.
        headers: Of the answer.
        verb: As RBAC names it.
        subject: The object.
        sent: The request's body: names of keys in it may be shown.
    """
    status, after = decode_status(body), _seconds(headers)
    return error_of_status(status, code, verb=verb, subject=subject, after=after, sent=sent)


def error_of_status(
    status: Status,
    code: int = 0,
    *,
    verb: str,
    subject: str,
    after: float | None = None,
    sent: bytes = b"",
) -> KeyfleetError:
    """Return the error of a Status, from an answer or from an ERROR event of a watch."""
    code = code or status.code
    if after is None and status.details and status.details.retry_after_seconds:
        after = float(status.details.retry_after_seconds)
    if code >= 500:
        return _server_error(status, code, subject, after)
    if code in (400, 422):
        return _invalid(status, subject, sent)
    if code == 403:
        return _forbidden(status, verb, subject)
    if code == 409:
        return _conflict(status, subject)
    if code == 429:
        return ThrottledError(
            "api.throttled", "the API server asks to wait", subject, retry_after=_delta(after)
        )
    return _refused(status, code, subject)


def _refused(status: Status, code: int, subject: str) -> KeyfleetError:
    error: KeyfleetError
    match code:
        case 401:
            message = "the API server does not accept the credential"
            error = UnreachableError("api.unauthorized", message, subject)
        case 404:
            error = _not_found(status, subject)
        case 405 | 406 | 415:
            message = "the API server does not support this request"
            error = UnsupportedError("api.unsupported", message, subject)
        case 410:
            error = ExpiredError("api.expired", "the position is too old", subject)
        case 413:
            error = _too_large(subject)
        case _:
            error = unexpected_answer(subject)
    return error


def unexpected_answer(subject: str) -> UnreachableError:
    """Return the error for an answer that no API server gives, such as a portal's page."""
    return UnreachableError("api.unexpected_answer", "the answer is not an API server's", subject)


def require_absence(error: NotFoundError) -> None:
    """Pass when the server said that the object is absent; raise the error when it did not.

    Raises:
        NotFoundError: `api.not_served`: the kind is not served, or this is no API server at all.
    """
    if error.code == NOT_SERVED:
        raise error


def _not_found(status: Status, subject: str) -> KeyfleetError:
    if status.reason != "NotFound":
        # An API server that does not serve the kind, or no API server at all: it says nothing of
        # the object, so it must not look like its absence.
        return NotFoundError(NOT_SERVED, "the server does not serve this", subject)
    if status.details and status.details.kind == "namespaces" and "(namespaces)" not in subject:
        return NotFoundError("api.namespace_not_found", "the namespace is absent", subject)
    return NotFoundError("api.not_found", "absent", subject)


def _forbidden(status: Status, verb: str, subject: str) -> KeyfleetError:
    if status.has_cause("NamespaceTerminating"):
        return DeniedError("api.namespace_terminating", "the namespace is terminating", subject)
    return DeniedError("api.forbidden", "the API server forbids this", f"{verb} {subject}".strip())


def _conflict(status: Status, subject: str) -> KeyfleetError:
    if status.reason == "AlreadyExists":
        return ConflictError("api.already_exists", "exists already", subject)
    return ConflictError("api.conflict", "somebody else wrote in between", subject)


def _invalid(status: Status, subject: str, sent: bytes = b"") -> KeyfleetError:
    causes = (status.details.causes if status.details else None) or []
    if any(cause.reason == "FieldValueTooLong" for cause in causes):
        return _too_large(subject)
    shown = ", ".join(
        f"{_field(cause, subject, sent)} {cause.reason if cause.reason in _REASONS else ''}".strip()
        for cause in causes[:CAUSES_SHOWN]
    )
    where = f"{subject}: {shown}" if shown else subject
    return PermanentError("api.invalid", "the API server refuses the object", where)


def _field(cause: Cause, subject: str, sent: bytes) -> str:
    if not subject.endswith("(secrets)"):
        return cause.field[:CAUSE_LENGTH]
    # A server that was given a value could hand it back as the name of a field.
    found = _SECRET_FIELD.match(cause.field)
    if found is None:
        return ""
    is_ours = found["key"] and f'"{found["key"]}":'.encode() in sent
    return found[0] if is_ours else found["top"]


def _too_large(subject: str) -> KeyfleetError:
    return PermanentError("api.too_large", "larger than the API server stores", subject)


def _server_error(status: Status, code: int, subject: str, after: float | None) -> KeyfleetError:
    # etcd's size limit and a malformed apply come as 500 with nothing but a text; repeating the
    # same request can only fail again.
    if "request is too large" in status.message:
        return _too_large(subject)
    if status.message.startswith("failed to create typed patch object"):
        return _invalid(status, subject)
    if status.has_cause("ResourceVersionTooLarge"):
        return UnreachableError(
            "api.too_new", "the API server is behind", subject, retry_after=_delta(after)
        )
    return UnreachableError(
        "api.server_error",
        "the API server failed",
        f"{subject} [{code}]",
        retry_after=_delta(after),
    )


def _delta(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return min(float(text), 3600.0) if text.isdecimal() else None
