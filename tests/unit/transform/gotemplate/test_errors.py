# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import PermanentError
from keyfleet.transform.gotemplate.errors import REDACTED, Data, GoError, TemplateError

SECRET = "kf-canary-value"


def test_what_came_from_a_value_is_not_shown() -> None:
    error = GoError("bad ", Data(SECRET), ": no number")
    assert error.shown("{{ .a }}") == f"bad {REDACTED}: no number"


def test_what_the_template_says_itself_is_shown() -> None:
    assert GoError("bad ", Data("abc")).shown('{{ f "abc" }}') == "bad abc"


def test_functions_that_return_an_error_get_its_whole_text() -> None:
    assert GoError("bad ", Data("abc"), "!").go_text() == "bad abc!"


@given(st.lists(st.one_of(st.text(), st.text().map(Data))))
def test_neither_str_nor_repr_hold_any_part(parts: list[str | Data]) -> None:
    error = GoError(*parts)
    assert (str(error), repr(error)) == ("a Go error", "GoError('a Go error')")


def test_a_template_error_says_where_it_is() -> None:
    error = TemplateError(
        "template: n:3:7: x", stage="exec", line=3, column=7, name="n", key="tls.key"
    )
    assert (error.stage, error.line, error.column, error.name) == ("exec", 3, 7, "n")
    assert str(error) == "template: n:3:7: x"


@pytest.mark.parametrize("stage", ["parse", "exec"])
def test_the_stage_is_in_the_code(stage: str) -> None:
    error = TemplateError("x", stage="parse" if stage == "parse" else "exec", line=1)
    assert error.code == f"template.{stage}"
    assert isinstance(error, PermanentError)
