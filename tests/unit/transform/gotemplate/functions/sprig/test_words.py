# SPDX-License-Identifier: Apache-2.0
"""Case converters. What Go says to many more is in vectors/sprig_words.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.sprig.words import camelcase, kebabcase, snakecase


@pytest.mark.parametrize(
    ("text", "snake", "pascal"),
    [
        ("FirstName", "first_name", "FirstName"),
        ("HTTPServer2", "http_server2", "Httpserver2"),
        ("http2xx", "http_2xx", "Http2xx"),
        ("Bld4Floor", "bld4_floor", "Bld4Floor"),
        ("foo  bar", "foo__bar", "Foo Bar"),
        ("_complex__case_", "_complex__case_", "_Complex_Case_"),
        ("/-a b", "/-a_b", "/AB"),
        ("_", "_", "__"),
    ],
)
def test_words(text: str, snake: str, pascal: str) -> None:
    assert snakecase(a_run(), text) == snake
    assert camelcase(a_run(), text) == pascal


@given(st.text("abAB12 /"))
def test_the_connector_is_the_only_difference(text: str) -> None:
    assert kebabcase(a_run(), text) == snakecase(a_run(), text).replace("_", "-")


def test_long_texts_are_paid_for() -> None:
    with pytest.raises(BudgetError):
        snakecase(a_run(steps=100), "a_" * 10_000)
