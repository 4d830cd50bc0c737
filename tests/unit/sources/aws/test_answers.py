# SPDX-License-Identifier: Apache-2.0
"""What is picked out of a whole remote secret."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query
from keyfleet.sources.aws.answers import answer_of
from keyfleet.testing.canary import canary, find_canary

PASSWORD = canary("password").decode()


def picked(document: str | bytes, prop: str = "", how: How = How.VALUE) -> object:
    raw = document.encode() if isinstance(document, str) else document
    answer = answer_of(Query(how, "db", prop), SecretValue(raw))
    if isinstance(answer, SecretValue):
        return answer.reveal()
    return {name: value.reveal() for name, value in answer.items()}


@pytest.mark.parametrize(
    ("document", "prop", "wanted"),
    [
        ('{"a.b": "literal", "a": {"b": "path"}}', "a.b", b"literal"),
        ('{"a": {"b": "path"}}', "a.b", b"path"),
        ('{"a.b": {"c": 1}, "a": {"b": {"c": 2}}}', "a.b.c", b"2"),
        ('{"a": [{"n": 1}, {"n": 2}]}', "a.#.n", b"[1,2]"),
        ('{"a": {"b":  [ 1 ]}}', "a", b'{"b":  [ 1 ]}'),
        ('{"big": 12345678901234567890}', "big", b"12345678901234567890"),
        ('{"none": null}', "none", b""),
        ('{"": 1, "a": ""}', "a", b""),
    ],
)
def test_property(document: str, prop: str, wanted: bytes) -> None:
    assert picked(document, prop) == wanted


@pytest.mark.parametrize(
    "document", ["", PASSWORD, f'"{PASSWORD}"', f"[{1}]", f'{{"x": "{PASSWORD}"']
)
@pytest.mark.parametrize("prop", ["user", "a.b"])
def test_missing_property_names_itself_and_no_value(document: str, prop: str) -> None:
    with pytest.raises(TransformError) as missing:
        picked(document, prop)
    assert (missing.value.code, missing.value.key) == ("store.property_missing", prop)
    assert missing.value.__context__ is None
    assert not find_canary(missing.value.diagnostics() + repr(missing.value.args))


def test_members_keep_their_text() -> None:
    document = f'{{"s": "{PASSWORD}\\n", "n": 1.50, "o": {{ "x" : [ ] }}, "z": null, "t": true}}'
    assert picked(document, how=How.MAP) == {
        "s": f"{PASSWORD}\n".encode(),
        "n": b"1.50",
        "o": b'{ "x" : [ ] }',
        "z": b"",
        "t": b"true",
    }


@pytest.mark.parametrize("document", ["", PASSWORD, "[]", "null", '"x"', f'{{"a": "{PASSWORD}"'])
def test_only_an_object_has_members(document: str) -> None:
    with pytest.raises(TransformError) as refused:
        picked(document, how=How.MAP)
    assert refused.value.code == "store.not_an_object"
    assert refused.value.__context__ is None
    assert not find_canary(refused.value.diagnostics() + repr(refused.value.args))


@given(value=st.binary())
def test_value_without_a_property_is_untouched(value: bytes) -> None:
    assert picked(value) == value


@given(document=st.binary(), prop=st.text(min_size=1, max_size=8))
def test_hostile_documents_are_answered_or_refused(document: bytes, prop: str) -> None:
    for how in (How.VALUE, How.MAP):
        with suppress(TransformError):
            assert isinstance(picked(document, prop, how), bytes | dict)
