# SPDX-License-Identifier: Apache-2.0
"""What a Secret gets of what Vault holds."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import KeyfleetError, TransformError
from keyfleet.base.gojson import text_of
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query
from keyfleet.sources.vault.values import answer_of, decoded
from keyfleet.testing.canary import canary, find_canary

NESTED = decoded(
    b'{"a.b":"dotted","a":{"b":"inner","list":[1,2.50]},"n":7,"f":1.0,"big":12345678901234567890123,'
    b'"html":"<x>&","none":null,"yes":true,"json":"{\\"k\\":1e3}","zero":0}'
)


def value(prop: str = "") -> bytes:
    found = answer_of(Query(How.VALUE, "key", property=prop), NESTED)
    assert isinstance(found, SecretValue)
    return found.reveal()


def members(prop: str = "", held: Any = NESTED) -> dict[str, bytes]:
    found = answer_of(Query(How.MAP, "key", property=prop), held)
    assert not isinstance(found, SecretValue)
    return {name: one.reveal() for name, one in found.items()}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'"text"', b"text"),
        (b'{"b":1,"a":"<"}', b'{"a":"\\u003c","b":1}'),
        (b'["a", 1]', b'["a",1]'),
        (b"2.12", b"2.12"),
        (b"2.1234534153423423", b"2.1234534153423423"),
        (b"1e3", b"1000"),
        (b"1.50", b"1.5"),
        (b"123456789012345678901234567890", b"123456789012345678901234567890"),
        (b"9007199254740993", b"9007199254740993"),
        (b"true", b"true"),
        (b"false", b"false"),
        (b"null", b""),
        (b'""', b""),
        (b"{}", b"{}"),
        ('"\u00fc\u20ac"'.encode(), "\u00fc\u20ac".encode()),
    ],
)
def test_makes_text_of_json_as_upstream(document: bytes, expected: bytes) -> None:
    assert text_of(decoded(document)) == expected


def test_whole_secret_is_compact_sorted_and_escaped_json() -> None:
    assert value() == (
        b'{"a":{"b":"inner","list":[1,2.50]},"a.b":"dotted","big":12345678901234567890123,"f":1.0,'
        b'"html":"\\u003cx\\u003e\\u0026","json":"{\\"k\\":1e3}","n":7,"none":null,"yes":true,"zero":0}'
    )


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        ("a.b", b"dotted"),
        ("a", b'{"b":"inner","list":[1,2.50]}'),
        ("a.list.1", b"2.5"),
        ("a.list.#", b"2"),
        ("html", b"<x>&"),
        ("none", b""),
        ("zero", b"0"),
        ("big", b"12345678901234567890123"),
    ],
)
def test_a_key_comes_before_a_path(prop: str, expected: bytes) -> None:
    assert value(prop) == expected


def test_extracts_all_members_or_those_of_a_property() -> None:
    assert members("a") == {"b": b"inner", "list": b"[1,2.50]"}
    assert members("json") == {"k": b"1000"}
    assert members()["a.b"] == b"dotted"
    assert members()["none"] == b""


@pytest.mark.parametrize(("prop", "code"), [("nope", "store.property_missing")])
def test_missing_property_is_no_missing_secret(prop: str, code: str) -> None:
    with pytest.raises(TransformError) as caught:
        value(prop)
    assert caught.value.code == code


def test_a_null_of_a_path_has_no_members() -> None:
    assert members("json_null", {"json_null": "null"}) == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_containers_stay_the_json_they_were(document: Any) -> None:
    held = {"it": document}
    whole = answer_of(Query(How.VALUE, "key"), held)
    assert isinstance(whole, SecretValue)
    assert msgspec.json.decode(whole.reveal()) == held
    if isinstance(document, dict | list):
        assert msgspec.json.decode(text_of(document)) == document


@pytest.mark.parametrize("prop", ["yes", "html", "a.list", "none"])
def test_extract_wants_an_object(prop: str) -> None:
    with pytest.raises(TransformError) as caught:
        members(prop)
    assert caught.value.code == "store.not_an_object"


def test_errors_hold_nothing_of_the_value() -> None:
    held = {"password": canary("vault-value").decode()}
    for query in (
        Query(How.MAP, "key", property="password"),
        Query(How.VALUE, "key", property="passwort"),
    ):
        with pytest.raises(KeyfleetError) as caught:
            answer_of(query, held)
        assert not find_canary(repr(caught.value) + caught.value.diagnostics())
        assert caught.value.__context__ is None


def test_empty_metadata_is_an_empty_value() -> None:
    answered = answer_of(Query(How.VALUE, "key", is_metadata=True), {})
    assert answered == SecretValue(b"")
