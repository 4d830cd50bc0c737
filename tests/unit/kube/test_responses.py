# SPDX-License-Identifier: Apache-2.0
"""Refusals of an API server as our errors, without the server's words."""

from datetime import timedelta
from typing import Any

import pytest

from keyfleet.base.codec import encode_json
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
from keyfleet.kube.responses import Status, decode_status, error_of, error_of_status
from keyfleet.testing.canary import CANARY_PREFIX, find_canary

SUBJECT = "east/a/b (secrets)"


def refuse(code: int, headers: dict[str, str] | None = None, **status: Any) -> KeyfleetError:
    status.setdefault("message", f"{CANARY_PREFIX}quoted")
    body = encode_json({"kind": "Status", "code": code, **status})
    return error_of(code, body, headers or {}, verb="patch", subject=SUBJECT)


@pytest.mark.parametrize(
    ("code", "status", "kind", "expected"),
    [
        (400, {}, PermanentError, "api.invalid"),
        (401, {}, UnreachableError, "api.unauthorized"),
        (403, {}, DeniedError, "api.forbidden"),
        (404, {"reason": "NotFound"}, NotFoundError, "api.not_found"),
        (405, {}, UnsupportedError, "api.unsupported"),
        (406, {}, UnsupportedError, "api.unsupported"),
        (415, {}, UnsupportedError, "api.unsupported"),
        (409, {"reason": "AlreadyExists"}, ConflictError, "api.already_exists"),
        (409, {"reason": "Conflict"}, ConflictError, "api.conflict"),
        (410, {"reason": "Expired"}, ExpiredError, "api.expired"),
        (413, {}, PermanentError, "api.too_large"),
        (422, {}, PermanentError, "api.invalid"),
        (429, {}, ThrottledError, "api.throttled"),
        (500, {}, UnreachableError, "api.server_error"),
        (503, {}, UnreachableError, "api.server_error"),
        (504, {}, UnreachableError, "api.server_error"),
        (302, {}, UnreachableError, "api.unexpected_answer"),
    ],
)
def test_each_status_has_its_error(
    code: int, status: dict[str, Any], kind: type[KeyfleetError], expected: str
) -> None:
    error = refuse(code, **status)
    assert (kind, expected) == (type(error), error.code)


@pytest.mark.parametrize("code", [400, 403, 404, 409, 410, 422, 429, 500, 503])
def test_the_servers_words_are_never_kept(code: int) -> None:
    causes = [{"reason": "FieldValueInvalid", "message": f"{CANARY_PREFIX}x", "field": "data[k]"}]
    error = refuse(code, details={"causes": causes})
    assert not find_canary(repr(error) + str(error) + error.diagnostics() + repr(vars(error)))


def test_an_invalid_object_names_fields_and_types() -> None:
    causes = [{"reason": "FieldValueInvalid", "field": "metadata.labels", "message": "kf"}]
    assert "metadata.labels FieldValueInvalid" in refuse(422, details={"causes": causes}).subject


@pytest.mark.parametrize(
    ("field", "reason", "shown"),
    [
        (f"{CANARY_PREFIX}x", "FieldValueInvalid", "FieldValueInvalid"),
        ("data[k]", "FieldValueInvalid", "data FieldValueInvalid"),
        (f"data.{CANARY_PREFIX}x", f"{CANARY_PREFIX}x", "data"),
        (f"metadata.labels.{CANARY_PREFIX}x", "FieldValueInvalid", "metadata.labels"),
        (f"metadata.{CANARY_PREFIX}x", "FieldValueInvalid", "metadata "),
        (f"type{CANARY_PREFIX}x", "", ""),
    ],
)
def test_a_server_that_hands_a_value_back_as_a_cause_is_not_quoted(
    field: str, reason: str, shown: str
) -> None:
    causes = [{"reason": reason, "field": field}]
    subject = refuse(422, details={"causes": causes}).subject
    assert shown in subject
    assert not find_canary(subject)


def test_a_key_that_was_sent_is_named_and_no_other() -> None:
    sent = b'{"data":{"tls.crt":"a2YtY2FuYXJ5LXg="}}'
    subjects = []
    for field in ("data[tls.crt]", "data[a2YtY2FuYXJ5LXg=]"):
        body = encode_json({"details": {"causes": [{"reason": "", "field": field}]}})
        error = error_of(422, body, {}, verb="create", subject=SUBJECT, sent=sent)
        subjects.append(error.subject)
    assert [text.rpartition(": ")[2] for text in subjects] == ["data[tls.crt]", "data"]


def test_a_long_or_repeated_cause_does_not_flood_the_subject() -> None:
    causes = [{"reason": "x" * 9000, "field": "y" * 9000}] * 90
    assert len(refuse(422, details={"causes": causes}).subject) < 2000


def test_too_long_data_is_too_large() -> None:
    causes = [{"reason": "FieldValueTooLong", "field": "data"}]
    assert refuse(422, details={"causes": causes}).code == "api.too_large"


def test_the_size_limit_of_the_storage_is_too_large() -> None:
    error = refuse(500, message="etcdserver: request is too large")
    assert (PermanentError, "api.too_large") == (type(error), error.code)


def test_a_malformed_apply_is_not_repeated_though_it_is_a_500() -> None:
    error = refuse(500, message="failed to create typed patch object: kf")
    assert (PermanentError, "api.invalid") == (type(error), error.code)


def test_forbidden_names_the_verb_and_the_object() -> None:
    assert f"patch {SUBJECT}" == refuse(403).subject


def test_a_terminating_namespace_has_its_own_code() -> None:
    causes = [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]
    assert refuse(403, details={"causes": causes}).code == "api.namespace_terminating"


def test_an_absent_namespace_is_told_from_an_absent_object() -> None:
    error = refuse(404, reason="NotFound", details={"kind": "namespaces", "name": "a"})
    assert (NotFoundError, "api.namespace_not_found") == (type(error), error.code)


def test_a_namespace_that_was_asked_for_itself_is_an_absent_object() -> None:
    body = encode_json({"reason": "NotFound", "details": {"kind": "namespaces"}})
    error = error_of(404, body, {}, verb="get", subject="east/a (namespaces)")
    assert error.code == "api.not_found"


def test_a_version_the_server_does_not_know_yet_has_its_own_code() -> None:
    details = {"causes": [{"reason": "ResourceVersionTooLarge"}], "retryAfterSeconds": 1}
    error = refuse(504, details=details)
    assert error.code == "api.too_new"
    assert isinstance(error, UnreachableError)
    assert timedelta(seconds=1) == error.retry_after


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), ("999999", 3600.0), ("soon", None), ("-1", None)]
)
def test_retry_after_is_read_and_bounded(text: str, seconds: float | None) -> None:
    error = refuse(429, {"Retry-After": text})
    assert isinstance(error, ThrottledError)
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert expected == error.retry_after


def test_an_error_event_gives_the_same_error_as_an_answer() -> None:
    error = error_of_status(Status(code=410, reason="Expired"), verb="watch", subject=SUBJECT)
    assert isinstance(error, ExpiredError)


@pytest.mark.parametrize("body", [b"", b"<html>kf</html>", b"[1]", b'{"code":"x"}', b"\xff"])
def test_a_body_that_is_no_status_is_an_empty_one(body: bytes) -> None:
    assert Status() == decode_status(body)
