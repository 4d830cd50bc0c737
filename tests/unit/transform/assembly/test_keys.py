# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import Conversion
from keyfleet.testing.canary import canary
from keyfleet.transform.assembly.keys import converted, validated

VALUE = SecretValue(canary("value"))
PLACE = "spec.dataFrom[0].extract"


@pytest.mark.parametrize(
    ("key", "default", "spelled_out"),
    [
        ("plain-Key_1.txt", "plain-Key_1.txt", "plain-Key_1.txt"),
        ("a/b c", "a_b_c", "a_U002f_b_U0020_c"),
        ("\U0001f600", "_", "_U1f600_"),
        ("caf\u00e9\u0665\u00b2", "caf\u00e9\u0665\u00b2", "caf\u00e9\u0665\u00b2"),
        ("e\u0301", "e_", "e_U0301_"),
        ("\udcff", "_", "_Ufffd_"),
        ("", "", ""),
    ],
)
def test_foreign_characters_are_replaced(key: str, default: str, spelled_out: str) -> None:
    assert list(converted({key: VALUE}, Conversion.DEFAULT, place=PLACE)) == [default]
    assert list(converted({key: VALUE}, Conversion.UNICODE, place=PLACE)) == [spelled_out]


def test_two_keys_may_not_become_one() -> None:
    with pytest.raises(TransformError) as caught:
        converted({"a/b": VALUE, "a b": VALUE}, Conversion.DEFAULT, place=PLACE)
    assert caught.value.code == "transform.key_collision"
    assert caught.value.subject == f"{PLACE}: a_b"
    assert len(converted({"a/b": VALUE, "a b": VALUE}, Conversion.UNICODE, place=PLACE)) == 2


@given(st.dictionaries(st.text(max_size=20), st.just(VALUE)))
def test_converted_keys_are_valid(values: dict[str, SecretValue]) -> None:
    kept = converted(values, Conversion.UNICODE, place=PLACE)
    assert validated(kept, place=PLACE) == {key: value for key, value in kept.items() if key}


def test_an_empty_key_is_dropped() -> None:
    assert validated({"": VALUE, "a": VALUE}, place=PLACE) == {"a": VALUE}


@pytest.mark.parametrize("key", ["a/b", " ", "a\n", "a" * 254, "\u00e9" * 127, "$"])
def test_other_keys_are_refused(key: str) -> None:
    with pytest.raises(TransformError) as caught:
        validated({"fine": VALUE, key: VALUE}, place=PLACE)
    assert caught.value.code == "transform.key_invalid"
    assert caught.value.subject.startswith(f"{PLACE}: ")


@pytest.mark.parametrize("key", ["a" * 253, "\u00e9" * 126, ".", "..", "-_."])
def test_a_key_may_be_that_long_and_that_strange(key: str) -> None:
    assert list(validated({key: VALUE}, place=PLACE)) == [key]
