# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.ordering import sorted_keys, sorted_strings
from keyfleet.transform.gotemplate.values import Int64, encoded


def test_strings_are_in_the_order_of_their_bytes() -> None:
    assert sorted_strings(["é", "b", "B", "10", "2", "", "\ufb01", "😀", "\udcff"]) == [
        "", "10", "2", "B", "b", "é", "\ufb01", "😀", "\udcff",
    ]  # fmt: skip


def test_numbers_are_in_the_order_of_their_values() -> None:
    assert sorted_keys([10, 2, Int64(-1)]) == [-1, 2, 10]
    assert sorted_keys([1.5, -math.inf, 0.5]) == [-math.inf, 0.5, 1.5]
    assert math.isnan(sorted_keys([1.0, math.nan, -1.0])[0])


def test_false_is_before_true() -> None:
    assert sorted_keys([True, False]) == [False, True]


def test_keys_of_several_types_are_grouped() -> None:
    keys = [True, 1j, "a", 2, 1.5, None, "B", 3]
    assert sorted_keys(keys) == [None, 2, 3, 1.5, "B", "a", True, 1j]


@given(st.lists(st.binary(max_size=4)))
def test_any_bytes_have_an_order(raws: list[bytes]) -> None:
    texts = [raw.decode("utf-8", "surrogateescape") for raw in raws]
    assert [encoded(text) for text in sorted_strings(texts)] == sorted(raws)
