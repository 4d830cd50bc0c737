# SPDX-License-Identifier: Apache-2.0
"""Fields: entries of maps and what objects list, under each rule for missing keys."""

from collections.abc import Mapping
from typing import Any

import pytest

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.fields import MissingKey, field_of, holds_any, method_of
from keyfleet.transform.gotemplate.functions.table import Table
from keyfleet.transform.gotemplate.values import INVALID, GoMap, GoObject, string_map

METHODS = Table()


@METHODS.function("Hello")
def hello(_: GoObject) -> str:
    return "hello"


class Thing(GoObject):
    go_type = "things.Thing"
    methods = METHODS
    secret = "kf-canary-attribute"

    def fields(self) -> Mapping[str, Any]:
        return {"Name": "n", "Nothing": None}


def field(receiver: Any, name: str = "x", missing: MissingKey = "default") -> Any:
    return field_of(receiver, name, missing, is_any=False)


def test_gives_entries_of_maps() -> None:
    assert field({"x": 1}) == 1
    assert field({"x": None}) is None
    assert field(GoMap({"x": 2}, key="interface {}")) == 2


@pytest.mark.parametrize(
    ("receiver", "missing", "value"),
    [
        ({}, "default", INVALID),
        ({}, "invalid", INVALID),
        ({}, "zero", None),
        (string_map({}), "zero", ""),
        (INVALID, "default", INVALID),
        (INVALID, "zero", INVALID),
    ],
)
def test_missing_keys(receiver: Any, missing: MissingKey, value: Any) -> None:
    found = field(receiver, missing=missing)
    assert found is value or found == value


@pytest.mark.parametrize(
    ("receiver", "missing", "message"),
    [
        ({}, "error", 'map has no entry for key "x"'),
        (INVALID, "error", 'nil data; no entry for key "x"'),
        (None, "default", "nil pointer evaluating interface {}.x"),
        ("text", "default", "can't evaluate field x in type string"),
        ([1], "default", "can't evaluate field x in type []interface {}"),
        (GoMap(key="int"), "default", "can't evaluate field x in type map[int]interface {}"),
        (Thing(), "default", "can't evaluate field x in type things.Thing"),
    ],
)
def test_errors(receiver: Any, missing: MissingKey, message: str) -> None:
    with pytest.raises(GoError) as caught:
        field(receiver, missing=missing)
    assert caught.value.go_text() == message


def test_names_any_for_what_a_container_of_any_held() -> None:
    with pytest.raises(GoError) as caught:
        field_of("text", "x", "default", is_any=True)
    assert caught.value.go_text() == "can't evaluate field x in type interface {}"


@pytest.mark.parametrize(
    "receiver", ["text", b"bytes", 1, 1.5, [], {}, Thing(), string_map({"a": "b"})]
)
@pytest.mark.parametrize(
    "name",
    ["__class__", "upper", "format", "append", "keys", "secret", "go_type", "fields", "real"],
)
def test_never_gives_an_attribute_of_python(receiver: Any, name: str) -> None:
    if isinstance(receiver, dict):
        assert field(receiver, name) is INVALID
    else:
        with pytest.raises(GoError) as caught:
            field(receiver, name)
        assert caught.value.go_text().startswith("can't evaluate field")


def test_objects_have_the_fields_and_methods_that_they_list() -> None:
    assert field(Thing(), "Name") == "n"
    assert field(Thing(), "Nothing") is None
    method = method_of(Thing(), "Hello")
    assert method is not None
    assert method.call(Thing()) == "hello"
    assert method_of(Thing(), "fields") is None
    assert method_of({"Hello": 1}, "Hello") is None


def test_knows_which_containers_hold_any() -> None:
    assert holds_any({})
    assert holds_any([])
    assert not holds_any(string_map({}))
    assert not holds_any("text")
    assert not holds_any(INVALID)
