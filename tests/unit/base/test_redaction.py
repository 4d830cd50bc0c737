# SPDX-License-Identifier: Apache-2.0
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import DeniedError
from keyfleet.base.masking import MASK
from keyfleet.base.redaction import (
    DEPTH_MAX,
    ITEMS_MAX,
    describe_exception,
    redact,
    redact_value,
)
from keyfleet.base.secret import SecretValue
from keyfleet.model.places import ClusterName, Place

CANARY = "kf-canary-z7"
SENSITIVE = ("password", "token", "data", "stringData", "authorization", "client-key-data")


class Colour(Enum):
    RED = 1


@dataclass
class Login:
    user: str
    password: str


class Wire(msgspec.Struct):
    name: str
    data: dict[str, bytes]


class Opaque:
    def __init__(self) -> None:
        self.hidden = CANARY

    def __repr__(self) -> str:
        return self.hidden


wrapped = st.sampled_from(
    [
        SecretValue(CANARY.encode()),
        CANARY.encode(),
        bytearray(CANARY.encode()),
        memoryview(CANARY.encode()),
        Login("u", CANARY),
        Wire("n", {"k": CANARY.encode()}),
        Opaque(),
        ValueError(CANARY),
        deque([CANARY]),
        f"https://u:{CANARY}@host/",
    ]
)
named = st.sampled_from(SENSITIVE).map(lambda name: {name: CANARY})
trees = st.recursive(
    wrapped | named | st.none() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.tuples(inner)
        | named.map(OrderedDict)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=8), trees, max_size=4))
def test_no_secret_is_left_anywhere_in_an_event(event: dict[str, Any]) -> None:
    """The result is also plain JSON, so that rendering calls no foreign code."""
    assert CANARY.encode() not in msgspec.json.encode(redact(None, "info", event))


@pytest.mark.parametrize("name", SENSITIVE)
@pytest.mark.parametrize("value", [CANARY, [CANARY], {"x": CANARY}, 1234, Opaque()])
def test_a_field_with_a_sensitive_name_is_masked_whole(name: str, value: object) -> None:
    assert redact(None, "info", {name: value}) == {name: MASK}


def test_presence_is_no_secret() -> None:
    event = {"token": None, "password": True}
    assert redact(None, "info", event) == event


def test_public_fields_stay_as_they_are() -> None:
    event = {"event": "delivery.written", "cluster": "east", "attempt": 2, "took_ms": 1.5}
    assert redact(None, "info", event) == event


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Place(ClusterName("east"), "a", "b"), "east/a/b"),
        (Colour.RED, "Colour.RED"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01 00:00:00+00:00"),
        (Login("u", CANARY), {"user": "u", "password": MASK}),
        (Wire("n", {}), {"name": "n", "data": MASK}),
        (object(), "<builtins.object>"),
        (2**70, "(large number)"),
        ({1: ("a", b"b")}, {"1": ["a", MASK]}),
    ],
)
def test_objects_become_plain_data(value: object, shown: object) -> None:
    assert redact_value(value) == shown


def test_depth_and_width_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(DEPTH_MAX + 5):
        deep = [deep]
    assert str(redact_value(deep)).count("[") == DEPTH_MAX
    assert len(redact_value(list(range(ITEMS_MAX * 2)))) == ITEMS_MAX


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (DeniedError("kube.forbidden", "not allowed", "east"), "kube.forbidden: not allowed: east"),
        (FileNotFoundError(2, "No such file", "/a/b"), "FileNotFoundError: No such file: /a/b"),
        (OSError("only text " + CANARY), "OSError"),
        (AttributeError("'X' has no 'y'"), "AttributeError: 'X' has no 'y'"),
        (ValueError(CANARY), "ValueError"),
        (UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY), "UnicodeDecodeError"),
        (KeyError(CANARY), "KeyError"),
    ],
)
def test_only_errors_that_quote_nothing_show_their_text(error: Exception, shown: str) -> None:
    assert describe_exception(error).endswith(shown)
    assert CANARY not in describe_exception(error)
