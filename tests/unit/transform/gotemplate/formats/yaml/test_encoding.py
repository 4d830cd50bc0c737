# SPDX-License-Identifier: Apache-2.0
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.time.durations import Duration
from keyfleet.transform.gotemplate.formats.time.times import GoTime, Month
from keyfleet.transform.gotemplate.formats.yaml import V2, V3, decode_yaml, encode_yaml
from keyfleet.transform.gotemplate.values import JsonNumber, nil_list

VALUE = {"a": [1, {"b": [2, [3, {"c": None}]]}], "d": {}, "e": [], "x\ny": True}
texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def test_aligns_or_indents_lists() -> None:
    assert encode_yaml(a_run(), VALUE, V2) == (
        "a:\n- 1\n- b:\n  - 2\n  - - 3\n    - c: null\nd: {}\ne: []\n? |-\n  x\n  y\n: true\n"
    )
    assert encode_yaml(a_run(), VALUE, V3) == (
        "a:\n    - 1\n    - b:\n        - 2\n        - - 3\n          - c: null\n"
        "d: {}\ne: []\n? |-\n    x\n    y\n: true\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, ".nan"), (-math.inf, "-.inf"), (1e6, "1e+06"), (JsonNumber("10"), "10"),
        (GoTime(0), "1970-01-01T00:00:00Z"), (Duration(10**9), "1s"), (Month(2), "2"),
        (nil_list(), "[]"), (b"a", "- 97"), ("\udcff", "!!binary /w=="), ("12:30", '"12:30"'),
    ],
)  # fmt: skip
def test_writes_values_as_go_does(value: Any, text: str) -> None:
    assert encode_yaml(a_run(), value, V2) == f"{text}\n"


@given(values)
def test_writes_what_reads_back(value: Any) -> None:
    for dialect in (V2, V3):
        found = decode_yaml(a_run(), encode_yaml(a_run(), value, dialect), dialect)
        assert found == value or _has_line_separators(value)


def _has_line_separators(value: Any) -> bool:
    """Tell whether Go's own text would be read back differently: a fold at U+2028, a NaN key."""
    return any(character in repr(value) for character in ("\\u2028", "\\u2029", "\\x85", "\\ufeff"))


def test_refuses_what_yaml_has_nothing_for() -> None:
    with pytest.raises(GoError) as caught:
        encode_yaml(a_run(), {"a": 1j}, V2)
    assert caught.value.go_text() == "cannot marshal type: complex128"


def test_refuses_what_holds_itself_and_what_is_too_much() -> None:
    cycle: dict[str, Any] = {}
    cycle["a"] = cycle
    shared: list[Any] = ["a" * 100_000]
    for _ in range(12):
        shared = [shared, shared]
    for value in (cycle, shared):
        with pytest.raises(BudgetError):
            encode_yaml(a_run(), value, V2)
