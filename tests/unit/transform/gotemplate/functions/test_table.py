# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions import table
from keyfleet.transform.gotemplate.functions.table import Function, Param, Table
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoList,
    GoMap,
    GoObject,
    Int64,
    JsonNumber,
    string_map,
    strings,
    type_of,
)


class Certificate(GoObject):
    go_type = "sprig.certificate"


def complaint(param: Param, value: Any) -> str:
    with pytest.raises(GoError) as caught:
        param.of(value)
    return caught.value.go_text()


@pytest.mark.parametrize(
    ("param", "value"),
    [
        (table.ANY, "a"), (table.ANY, 1), (table.STRING, "a"), (table.INT, 1), (table.INT64, 1),
        (table.FLOAT, 1.5), (table.BOOL, True), (table.LIST, [1]), (table.STRINGS, strings(["a"])),
        (table.MAP, {"a": 1}), (table.struct(Certificate), Certificate()),
    ],
)  # fmt: skip
def test_parameters_take_values_of_their_type(param: Param, value: Any) -> None:
    assert param.of(value) is value


@pytest.mark.parametrize(
    ("param", "value"),
    [
        (table.INT, Int64(1)), (table.STRING, JsonNumber("1")), (table.LIST, strings(["a"])),
        (table.STRINGS, ["a"]), (table.MAP, string_map({"a": "b"})),
    ],
)  # fmt: skip
def test_what_only_go_s_type_checker_tells_apart_is_taken(param: Param, value: Any) -> None:
    assert param.of(value) is value


@pytest.mark.parametrize(
    ("param", "value", "found"),
    [
        (table.STRING, 5, "expected string; got int"),
        (table.STRING, b"a", "expected string; got []uint8"),
        (table.INT, "5", "expected int; got string"),
        (table.INT, True, "expected int; got bool"),
        (table.INT64, 5.0, "expected int64; got float64"),
        (table.FLOAT, 5, "expected float64; got int"),
        (table.BOOL, 1, "expected bool; got int"),
        (table.LIST, "a", "expected []interface {}; got string"),
        (table.MAP, [], "expected map[string]interface {}; got []interface {}"),
        (table.struct(Certificate), {}, "expected sprig.certificate; got map[string]interface {}"),
    ],
)
def test_parameters_refuse_values_of_other_types(param: Param, value: Any, found: str) -> None:
    assert complaint(param, value) == f"wrong type for value; {found}"


def test_nil_becomes_the_nil_of_lists_and_maps() -> None:
    found, empty = table.LIST.of(INVALID), table.MAP.of(INVALID)
    assert isinstance(found, GoList)
    assert isinstance(empty, GoMap)
    assert (found.is_nil, empty.is_nil) == (True, True)
    assert type_of(table.STRINGS.of(INVALID)) == "[]string"
    assert (table.ANY.of(INVALID), table.ANY.of(None)) == (None, None)


@pytest.mark.parametrize("param", [table.LIST, table.MAP, table.STRINGS])
def test_nil_in_an_any_is_no_nil_list_or_map(param: Param) -> None:
    assert complaint(param, None) == (
        f"wrong type for value; expected {param.go_type}; got interface {{}}"
    )


def test_every_nil_map_is_another_one() -> None:
    assert table.MAP.of(INVALID) is not table.MAP.of(INVALID)


def test_nil_is_no_string() -> None:
    assert complaint(table.STRING, INVALID) == "invalid value; expected string"
    assert complaint(table.STRING, None) == (
        "wrong type for value; expected string; got interface {}"
    )


def test_builtins_tell_nil_from_no_value() -> None:
    assert table.VALUE.of(None) is None
    assert table.VALUE.of(INVALID) is INVALID


def a_table() -> Table:
    functions = Table()

    @functions.function("twice", "double", params=(table.INT,))
    def twice(number: int) -> int:
        return 2 * number

    return functions


def test_functions_are_entered_under_every_name() -> None:
    found = a_table()
    assert sorted(found) == ["double", "twice"]
    assert len(found) == 2
    assert found["double"].call(3) == 6
    assert found["double"].name == "double"


def test_a_union_prefers_the_later_table() -> None:
    other = Table({"twice": Function("twice", lambda _: 0, (table.INT,))})
    found = a_table().union(other)
    assert (found["twice"].call(3), found["double"].call(3)) == (0, 6)
    assert a_table()["twice"].call(3) == 6


def test_tables_without_some_and_under_longer_names() -> None:
    assert list(a_table().without("double")) == ["twice"]
    found = a_table().prefixed("x_")
    assert sorted(found) == ["x_double", "x_twice"]
    assert found["x_twice"].name == "x_twice"


def test_disabled_functions_are_known_and_fail() -> None:
    found = Table()
    found.disable("env")
    assert found["env"].is_disabled
    found["env"].check_count(7)
    with pytest.raises(GoError) as caught:
        found["env"].call("HOME")
    assert caught.value.go_text() == "function is disabled"


FIXED = Function("f", print, (table.INT, table.STRING))
VARIADIC = Function("f", print, (table.INT,), variadic=table.STRING)


def test_each_argument_has_its_parameter() -> None:
    assert [FIXED.param(i) for i in range(2)] == [table.INT, table.STRING]
    assert [VARIADIC.param(i) for i in range(3)] == [table.INT, table.STRING, table.STRING]


@pytest.mark.parametrize(
    ("function", "count", "piped"),
    [(FIXED, 2, 0), (FIXED, 1, 1), (VARIADIC, 1, 0), (VARIADIC, 0, 1), (VARIADIC, 9, 0)],
)
def test_right_numbers_of_arguments(function: Function, count: int, piped: int) -> None:
    function.check_count(count, piped=piped)


@pytest.mark.parametrize(
    ("function", "count", "piped", "text"),
    [
        (FIXED, 1, 0, "want 2 got 1"),
        (FIXED, 2, 1, "want 2 got 3"),
        (VARIADIC, 0, 0, "want at least 1 got 0"),
    ],
)
def test_wrong_numbers_of_arguments(function: Function, count: int, piped: int, text: str) -> None:
    with pytest.raises(GoError) as caught:
        function.check_count(count, piped=piped)
    assert caught.value.go_text() == f"wrong number of args for f: {text}"
