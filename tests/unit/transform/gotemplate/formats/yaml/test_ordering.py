# SPDX-License-Identifier: Apache-2.0
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3, Dialect
from keyfleet.transform.gotemplate.formats.yaml.ordering import natural_keys


@pytest.mark.parametrize(
    ("keys", "dialect"),
    [
        (["_x", "1", "2", "10", "A", "a2", "a10", "b"], V2),
        (["a1", "a01", "a001"], V2),
        (["", "-", "é", "éa"], V2),
        (["1.5", "1e3"], V2),
        (["1e3", "1.5"], V3),
        (["10", "100"], V2),
        ([False, 1.5, 2, "1"], V2),
    ],
)
def test_orders_as_go_does(keys: list[Any], dialect: Dialect) -> None:
    mixed = list(keys)
    Random(1).shuffle(mixed)
    assert natural_keys(a_run(), mixed, dialect) == keys


@given(st.lists(st.text(alphabet="a1_0é", max_size=5), unique=True))
def test_keeps_every_key(keys: list[str]) -> None:
    assert sorted(natural_keys(a_run(), keys, V3)) == sorted(keys)


def test_is_paid_for() -> None:
    with pytest.raises(BudgetError):
        natural_keys(a_run(steps=10), [str(n) for n in range(10)], V2)
