# SPDX-License-Identifier: Apache-2.0
"""Which error stands for what AWS says; every answer over the wire is in tests/cluster."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    PermanentError,
    SecretNotFoundError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.sources.aws.failures import refusal_of
from keyfleet.testing.canary import canary, find_canary

TEXT = canary("quoted").decode()


def told(code: str, text: str = TEXT, *, status: int = 400, retry_after: str = "") -> KeyfleetError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": retry_after}}
    response = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": metadata}
    return refusal_of(response, "GetSecretValue", "db")


@pytest.mark.parametrize(
    ("code", "text", "kind", "ours"),
    [
        ("ParameterNotFound", TEXT, SecretNotFoundError, "store.secret_not_found"),
        ("ResourceNotFoundException", "", SecretNotFoundError, "store.secret_not_found"),
        (
            "ResourceNotFoundException",
            "can't find the specified secret value for staging label: AWSPENDING",
            PermanentError,
            "store.version_missing",
        ),
        ("ParameterVersionNotFound", TEXT, PermanentError, "store.version_missing"),
        ("InvalidRequestException", TEXT, PermanentError, "store.refused"),
        (
            "InvalidParameterException",
            "was marked for deletion",
            SecretNotFoundError,
            "store.secret_not_found",
        ),
        ("TooManyRequestsException", TEXT, ThrottledError, "store.throttled"),
        ("RequestLimitExceeded", TEXT, ThrottledError, "store.throttled"),
        ("InvalidClientTokenId", TEXT, DeniedError, "store.denied"),
        ("IDPCommunicationError", TEXT, UnreachableError, "store.unavailable"),
        ("ValidationException", TEXT, PermanentError, "store.refused"),
        ("", "", PermanentError, "store.refused"),
    ],
)
def test_code_decides(code: str, text: str, kind: type[KeyfleetError], ours: str) -> None:
    error = told(code, text)
    assert type(error) is kind
    assert error.code == ours


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, DeniedError), (403, DeniedError), (429, ThrottledError), (500, UnreachableError)],
)
def test_status_decides_where_the_code_is_unknown(status: int, kind: type[KeyfleetError]) -> None:
    assert type(told("Unheard", status=status)) is kind


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3), ("0", 0), ("-1", None), ("1.5", None), ("9" * 9, None)]
)
def test_waiting_time_is_a_sane_number(header: str, seconds: int | None) -> None:
    error = told("Throttling", retry_after=header)
    assert isinstance(error, ThrottledError)
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@given(code=st.text(), text=st.text(), status=st.integers(0, 999))
def test_no_text_of_aws_is_quoted(code: str, text: str, status: int) -> None:
    error = told(f"{TEXT}{code}", f"{TEXT}{text}", status=status)
    assert not find_canary(repr(vars(error)) + repr(error.args) + error.diagnostics())


@given(
    response=st.dictionaries(
        st.sampled_from(["Error", "ResponseMetadata"]),
        st.none() | st.text() | st.lists(st.integers()) | st.dictionaries(st.text(), st.integers()),
    )
)
def test_answers_of_any_shape_are_errors_of_ours(response: Any) -> None:
    assert refusal_of(response, "GetSecretValue", "db").code.startswith("store.")
