# SPDX-License-Identifier: Apache-2.0
"""What range goes through."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.compiling.looping import pairs
from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoMap,
    GoObject,
    GoSequence,
    Int64,
    JsonNumber,
    Uint8,
)


class Endless(GoSequence):
    go_type = "chan int"

    def __iter__(self) -> Iterator[Any]:
        return map(Int64, count(5))


class Thing(GoObject):
    go_type = "things.Thing"


def through(value: Any, variables: int = 1) -> list[tuple[Any, Any]]:
    return list(pairs(a_run(), value, variables=variables))


def test_lists_give_positions_and_elements() -> None:
    assert through(["a", None]) == [(0, "a"), (1, None)]
    assert through(b"\x05") == [(0, Uint8(5))]


def test_maps_are_in_the_order_of_their_keys() -> None:
    assert through({"b": 1, "a": 2, "B": 3}) == [("B", 3), ("a", 2), ("b", 1)]
    assert through(GoMap({10: "x", 9: "y"}, key="int")) == [(9, "y"), (10, "x")]


def test_numbers_count_in_their_own_type() -> None:
    assert [number for _, number in through(3)] == [0, 1, 2]
    assert {type(number) for _, number in through(Int64(2))} == {Int64}
    assert through(-3) == through(0) == []


def test_sequences_are_not_exhausted_beforehand() -> None:
    taken = iter(pairs(a_run(), Endless(), variables=2))
    assert [next(taken), next(taken)] == [(0, 5), (1, 6)]
    assert next(iter(pairs(a_run(), 2**62, variables=1))) == (INVALID, 0)


def test_nothing_is_empty() -> None:
    assert through(None) == through(INVALID) == []


@pytest.mark.parametrize("value", ["text", 1.5, True, JsonNumber("3"), 1j, Thing()])
def test_refuses_everything_else(value: Any) -> None:
    with pytest.raises(GoError) as caught:
        through(value)
    assert caught.value.go_text().startswith("range can't iterate over ")


def test_numbers_have_no_positions() -> None:
    with pytest.raises(GoError) as caught:
        through(3, variables=2)
    assert caught.value.go_text() == "can't use 3 to iterate over more than one variable"
    assert "3" not in caught.value.shown("{{range $i, $e := .n}}")


def test_pays_for_sorting_a_map() -> None:
    large = {f"k{number}": number for number in range(1000)}
    with pytest.raises(BudgetError):
        pairs(a_run(steps=10), large, variables=1)
    with pytest.raises(BudgetError):
        pairs(a_run(memory_bytes=1000), large, variables=1)
