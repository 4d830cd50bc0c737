# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.naming import named


def failing(error: GoError) -> None:
    raise error


def test_gives_what_the_function_gives() -> None:
    assert named("f", max, 1, 2) == 2


def test_puts_the_name_before_an_error_and_keeps_what_is_data() -> None:
    with pytest.raises(GoError) as caught:
        named("f", failing, GoError("bad ", Data("kf-canary")))
    assert caught.value.shown("") == "f: bad [redacted]"


def test_an_empty_budget_is_nobodys_error() -> None:
    error = BudgetError("enough")
    with pytest.raises(BudgetError) as caught:
        named("f", failing, error)
    assert caught.value is error
