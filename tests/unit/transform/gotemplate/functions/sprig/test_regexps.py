# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.regexps import REGEXPS, regex_match
from keyfleet.transform.gotemplate.values import GoList

FALLIBLE = ["regexFind", "regexFindAll", "regexReplaceAll", "regexReplaceAllLiteral", "regexSplit"]


@pytest.mark.parametrize("name", FALLIBLE)
def test_reports_a_bad_pattern_as_go_does(name: str) -> None:
    function = REGEXPS[name]
    rest = [1 if param.go_type == "int" else "" for param in function.params[1:]]
    problem = "error parsing regexp: missing closing ]: `[`"
    with pytest.raises(GoError) as caught:
        function.call(a_run(), "[", *rest)
    assert caught.value.go_text() == f"regexp: Compile(`[`): {problem}"
    must = REGEXPS[f"must{name[0].upper()}{name[1:]}"]
    with pytest.raises(GoError) as caught:
        must.call(a_run(), "[", *rest)
    assert caught.value.go_text() == problem


def test_a_bad_pattern_matches_nothing() -> None:
    assert regex_match(a_run(), "[", "[") is False
    assert regex_match(a_run(), "a+", "baa") is True


def test_a_spent_budget_is_no_mismatch() -> None:
    with pytest.raises(BudgetError):
        regex_match(a_run(steps=0), "a", "a")
    with pytest.raises(BudgetError):
        REGEXPS["regexFind"].call(a_run(steps=0), "a", "a")


def test_gives_nil_lists_for_nothing() -> None:
    found = REGEXPS["regexFindAll"].call(a_run(), "x", "a", -1)
    assert isinstance(found, GoList)
    assert found.is_nil
    assert found.element == "string"
