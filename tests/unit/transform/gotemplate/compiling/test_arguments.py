# SPDX-License-Identifier: Apache-2.0
"""Constants as arguments of typed parameters."""

from typing import Any

import pytest

from keyfleet.transform.gotemplate.compiling.arguments import Constant, constant_argument
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    INT64,
    LIST,
    MAP,
    STRING,
    VALUE,
    Param,
)
from keyfleet.transform.gotemplate.parsing.nodes import Bool, Nil, Number, String
from keyfleet.transform.gotemplate.values import INVALID

NIL = Nil(1, 0)
TEXT = String(1, 0, '"a"', "a")
ONE = Number(1, 0, "1.0", 1, 1, 1.0, 1 + 0j, 1.0)
HALF = Number(1, 0, "0.5", None, None, 0.5, 0.5 + 0j, 0.5)
MINUS = Number(1, 0, "-1", -1, None, -1.0, None, -1)
HUGE = Number(1, 0, "18446744073709551615", None, 2**64 - 1, float(2**64), None, None)
TRUE = Bool(1, 0, value=True)
UINT = Param("uint64", (int,))


@pytest.mark.parametrize(
    ("node", "param", "value"),
    [
        (TEXT, STRING, "a"),
        (TEXT, ANY, "a"),
        (ONE, INT, 1),
        (ONE, INT64, 1),
        (ONE, FLOAT, 1.0),
        (ONE, ANY, 1.0),
        (HALF, FLOAT, 0.5),
        (HUGE, UINT, 2**64 - 1),
        (TRUE, BOOL, True),
        (TRUE, VALUE, True),
        (NIL, ANY, None),
        (NIL, VALUE, INVALID),
        (NIL, MAP, {}),
        (NIL, LIST, []),
    ],
)
def test_takes_the_type_that_is_asked_for(node: Constant, param: Param, value: Any) -> None:
    found = constant_argument(node, param)
    assert (found, type(found) is bool) == (value, type(value) is bool)


@pytest.mark.parametrize(
    ("node", "param", "message"),
    [
        (ONE, STRING, "expected string; found 1.0"),
        (TRUE, STRING, "expected string; found true"),
        (HALF, INT, "expected integer; found 0.5"),
        (HUGE, INT64, "expected integer; found 18446744073709551615"),
        (MINUS, UINT, "expected unsigned integer; found -1"),
        (TEXT, FLOAT, 'expected float; found "a"'),
        (TEXT, BOOL, 'expected bool; found "a"'),
        (TRUE, INT, "expected integer; found true"),
        (TEXT, MAP, 'can\'t handle "a" for arg of type map[string]interface {}'),
        (HUGE, ANY, "18446744073709551615 overflows int"),
        (NIL, STRING, "cannot assign nil to string"),
        (NIL, INT, "cannot assign nil to int"),
    ],
)
def test_refuses_what_does_not_fit(node: Constant, param: Param, message: str) -> None:
    with pytest.raises(GoError) as caught:
        constant_argument(node, param)
    assert caught.value.go_text() == message
