# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within


class PanicException(BaseException):
    """As a library in Rust raises it."""


def refused(error: BaseException) -> str:
    with pytest.raises(GoError) as caught, refusing("cannot do ", Data("this")):
        raise error
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or isinstance(error, GoError)
    return caught.value.go_text()


def test_says_nothing_of_what_a_library_says() -> None:
    for error in (ValueError("kf-canary-x"), OverflowError(), TypeError(), PanicException("p")):
        assert refused(error) == "cannot do this"


def test_leaves_go_errors_as_they_are() -> None:
    assert refused(GoError("another")) == "another"


def test_does_not_stop_what_ends_the_program() -> None:
    with pytest.raises(KeyboardInterrupt), refusing("cannot"):
        raise KeyboardInterrupt


def test_says_before_an_error_what_was_done() -> None:
    error = GoError("no ", Data("x"))
    with pytest.raises(GoError) as caught, within("reading: "):
        raise error
    assert caught.value.parts == ("reading: ", "no ", Data("x"))


def test_leaves_an_empty_budget_as_it_is() -> None:
    error = BudgetError("too much")
    with pytest.raises(BudgetError) as caught, within("reading: "):
        raise error
    assert caught.value.go_text() == "too much"
