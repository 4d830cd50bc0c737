# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.intent import KeyRename
from keyfleet.transform.keys import SIZE_MAX_BYTES, check_names, check_size, select

USER = SecretValue(b"kf-canary-user")
PASSWORD = SecretValue(b"kf-canary-password")
DATA = SecretData({"username": USER, "password": PASSWORD})

key_names = st.text("-._abcXYZ019", min_size=1, max_size=253)


def test_takes_every_key_as_it_is_when_none_is_chosen() -> None:
    assert select(DATA, None) == {"username": USER, "password": PASSWORD}


def test_takes_nothing_when_the_choice_is_empty() -> None:
    assert select(DATA, ()) == {}


def test_takes_only_the_chosen_keys_under_their_new_names() -> None:
    assert select(DATA, (KeyRename("username", "user"),)) == {"user": USER}


def test_one_key_may_be_delivered_under_two_names() -> None:
    renames = (KeyRename("username", "a"), KeyRename("username", "b"))
    assert select(DATA, renames) == {"a": USER, "b": USER}


def test_names_may_be_swapped() -> None:
    renames = (KeyRename("username", "password"), KeyRename("password", "username"))
    assert select(DATA, renames) == {"password": USER, "username": PASSWORD}


def test_refuses_a_key_that_the_source_lacks() -> None:
    with pytest.raises(TransformError) as caught:
        select(DATA, (KeyRename("token", "token"),))
    assert (caught.value.code, caught.value.key) == ("transform.key_missing", "token")


def test_refuses_a_subtree_as_a_key() -> None:
    data = SecretData({"nested": {"leaf": USER}})
    with pytest.raises(TransformError) as caught:
        select(data, (KeyRename("nested", "nested"),))
    assert caught.value.code == "transform.key_missing"


def test_refuses_two_keys_of_the_same_name() -> None:
    with pytest.raises(TransformError) as caught:
        select(DATA, (KeyRename("username", "x"), KeyRename("password", "x")))
    assert (caught.value.code, caught.value.key) == ("transform.key_duplicate", "x")


@given(key_names.filter(lambda key: key != "." and not key.startswith("..")))
def test_accepts_every_name_that_an_api_server_accepts(key: str) -> None:
    check_names({key: USER})


@pytest.mark.parametrize(
    "key", ["", ".", "..", "..data", "a/b", "a b", "a\n", "\n", "é", "a" * 254, "a:b", "${x}"]
)
def test_refuses_names_that_an_api_server_refuses(key: str) -> None:
    with pytest.raises(TransformError) as caught:
        check_names({"fine": USER, key: PASSWORD})
    assert caught.value.code == "transform.key_name"


def test_shows_only_the_start_of_an_overlong_key() -> None:
    with pytest.raises(TransformError) as caught:
        check_names({"x" * 5000: USER})
    assert len(str(caught.value)) < 150


def test_a_megabyte_is_allowed_and_one_byte_more_is_not() -> None:
    half = SecretValue(b"x" * (SIZE_MAX_BYTES // 2))
    check_size({"a": half, "b": half})
    with pytest.raises(TransformError) as caught:
        check_size({"a": half, "b": half, "c": SecretValue(b"x")})
    assert (caught.value.code, caught.value.key) == ("transform.too_large", "a")


def test_key_names_do_not_count_towards_the_size() -> None:
    check_size({"k" * 253: SecretValue(b"x" * SIZE_MAX_BYTES)})


@given(st.dictionaries(key_names, st.binary(max_size=20)), st.data())
def test_selection_never_changes_a_value(values: dict[str, bytes], draw: st.DataObject) -> None:
    data = SecretData({key: SecretValue(value) for key, value in values.items()})
    chosen = draw.draw(st.lists(st.sampled_from(sorted(values) or [""]), unique=True))
    chosen = [key for key in chosen if key in values]
    renames = tuple(KeyRename(key, f"{index}-new") for index, key in enumerate(chosen))
    result = select(data, renames)
    assert [values[key] for key in chosen] == [value.reveal() for value in result.values()]
