# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formatting import sprintf
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoList,
    GoMap,
    GoObject,
    Int64,
    JsonNumber,
    nil_list,
    string_map,
    strings,
)


class Certificate(GoObject):
    go_type = "sprig.certificate"

    def fields(self) -> Mapping[str, Any]:
        return {"Cert": "c", "Keys": [1, None]}


class CertificatePointer(Certificate):
    go_type = "*sprig.certificate"


class Named(GoObject):
    go_type = "*semver.Version"

    def go_string(self) -> str:
        return "1.2.3"


class Pause(GoObject, int):
    go_type = "time.Duration"
    go_kind = "int64"

    def go_string(self) -> str:
        return "2s"


class Address(GoObject):
    go_type = "net.IP"

    def go_string(self) -> str:
        return "1.2.3.4"

    def underlying(self) -> bytes:
        return bytes([1, 2, 3, 4])


class Big(GoObject):
    go_type = "*big.Int"

    def underlying(self) -> int:
        return 2**70


def text(form: str, *arguments: Any) -> str:
    return sprintf(a_run(), form, arguments)


@pytest.mark.parametrize(
    ("value", "plain", "syntax"),
    [
        ([1, "a", None], "[1 a <nil>]", '[]interface {}{1, "a", interface {}(nil)}'),
        ({"b": 1, "a": [2]}, "map[a:[2] b:1]",
         'map[string]interface {}{"a":[]interface {}{2}, "b":1}'),
        (strings(["a", "b"]), "[a b]", '[]string{"a", "b"}'),
        (string_map({"k": "v"}), "map[k:v]", 'map[string]string{"k":"v"}'),
        (nil_list(), "[]", "[]interface {}(nil)"),
        (GoMap(is_nil=True), "map[]", "map[string]interface {}(nil)"),
        (b"hi", "[104 105]", "[]byte{0x68, 0x69}"),
        ([b"hi"], "[[104 105]]", "[]interface {}{[]uint8{0x68, 0x69}}"),
        (GoList([[1]], "[]interface {}"), "[[1]]", "[][]interface {}{[]interface {}{1}}"),
        (Certificate(), "{c [1 <nil>]}",
         'sprig.certificate{Cert:"c", Keys:[]interface {}{1, interface {}(nil)}}'),
        (CertificatePointer(), "&{c [1 <nil>]}",
         '&sprig.certificate{Cert:"c", Keys:[]interface {}{1, interface {}(nil)}}'),
        (JsonNumber("5"), "5", '"5"'),
        (Int64(5), "5", "5"),
        (INVALID, "<nil>", "<nil>"),
        ([INVALID], "[<nil>]", "[]interface {}{interface {}(nil)}"),
        ([1 + 2j], "[(1+2i)]", "[]interface {}{(1+2i)}"),
    ],
)  # fmt: skip
def test_writes_what_holds_others(value: Any, plain: str, syntax: str) -> None:
    assert text("%v", value) == plain
    assert text("%#v", value) == syntax


def test_names_the_fields_of_structs() -> None:
    assert text("%+v", Certificate()) == "{Cert:c Keys:[1 <nil>]}"
    assert text("%+v", CertificatePointer()) == "&{Cert:c Keys:[1 <nil>]}"


def test_asks_a_value_for_its_own_text() -> None:
    assert text("%v|%s|%q|%8s|%x", *[Named()] * 5) == '1.2.3|1.2.3|"1.2.3"|   1.2.3|312e322e33'
    assert text("%v", [Named()]) == "[1.2.3]"


def test_a_number_with_a_text_is_still_a_number() -> None:
    pause = Pause(2_000_000_000)
    assert text("%v %s %d", pause, pause, pause) == "2s 2s 2000000000"
    assert text("%t", pause) == "%!t(time.Duration=2000000000)"


def test_verbs_that_ask_for_no_text_see_what_is_under_a_type() -> None:
    address = Address()
    assert text("%v %x %d", address, address, address) == "1.2.3.4 312e322e332e34 [1 2 3 4]"
    assert text("%#v", [address]) == "[]interface {}{net.IP{0x1, 0x2, 0x3, 0x4}}"
    assert text("%v %x", Big(), [Big()]) == "1180591620717411303424 [400000000000000000]"


def test_a_pointer_inside_is_an_address_that_is_always_the_same() -> None:
    assert text("%v", [CertificatePointer()]) == "[0xc000012345]"
    assert text("%s", [CertificatePointer()]) == "[%!s(*sprig.certificate=&{c [1 <nil>]})]"
    assert text("%d", [CertificatePointer()]) == "[824633795397]"
    assert text("%p %#p", [], {}) == "0xc000012345 c000012345"
    assert text("%p", 3) == "%!p(int=3)"


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("%d", ["a", 3], "[%!d(string=a) 3]"),
        ("%d", [None], "[<nil>]"),
        ("%z", [], "[]"),
        ("%5d", [1, {"k": 2}], "[    1 map[%!d(string=    k):    2]]"),
        ("%q", ["a", ["b"]], '["a" ["b"]]'),
        ("%c", b"hi", "[h i]"),
        ("%3d", b"hi", "[104 105]"),
        ("%s", b"hi", "hi"),
        ("%q", b"hi", '"hi"'),
        ("% x", b"hi", "68 69"),
        ("%x", [b"hi"], "[6869]"),
        ("%w", ["a"], "%!w([]interface {}=[a])"),
        ("%d", JsonNumber("5"), "%!d(json.Number=5)"),
    ],
)
def test_applies_the_verb_to_each_element(form: str, value: Any, expected: str) -> None:
    assert text(form, value) == expected


def test_names_types() -> None:
    assert text("%T|%T|%T|%10T|%.3T", 1, None, [], "s", 1.5) == (
        "int|<nil>|[]interface {}|    string|flo"
    )


def test_refuses_a_list_that_holds_itself() -> None:
    items: list[Any] = []
    items.append(items)
    with pytest.raises(BudgetError):
        text("%v", items)


def test_refuses_shared_lists_that_grow_when_written() -> None:
    items: list[Any] = ["x"]
    for _ in range(60):
        items = [items, items]
    with pytest.raises(BudgetError):
        text("%v", items)


@pytest.mark.parametrize("form", ["%v", "%d", "%q", "%x", "%#v", "%1000000v"])
def test_stops_before_a_text_is_too_long(form: str) -> None:
    run = a_run(string_bytes=1000)
    with pytest.raises(BudgetError):
        sprintf(run, form, [["y" * 600] * 2])


def test_counts_bytes_before_it_makes_numbers_of_them() -> None:
    with pytest.raises(BudgetError):
        text("%d", bytes(200_000))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.text("%+-# 0123456789.*[]vTtbcdoOqxXUeEfFgGspw!z", max_size=8),
)
def test_any_format_writes_any_value(value: Any, form: str) -> None:
    try:
        assert isinstance(text("%" + form, value, value), str)
    except BudgetError:
        assert any(digit in form for digit in "123456789")
