# SPDX-License-Identifier: Apache-2.0
"""sprig's regular expressions: RE2, the pattern first.

Source: docs/compat/go-templates.md 16.8.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats import regexp
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, nil_list, strings

REGEXPS = Table()


def _enter(name: str, function: Callable[..., Any], *params: Any) -> None:
    """Enter a function as `mustX`, which reports a bad pattern, and as `X`, which panics at it."""

    @wraps(function)
    def panicking(run: Run, pattern: str, *rest: Any) -> Any:
        try:
            return function(run, pattern, *rest)
        except BudgetError:
            raise
        except GoError as error:
            raise GoError("regexp: Compile(`", Data(pattern), "`): ", *error.parts) from None

    must = f"must{name[0].upper()}{name[1:]}"
    REGEXPS.function(must, params=params, run=True)(function)
    REGEXPS.function(name, params=params, run=True)(panicking)


def _find(run: Run, pattern: str, text: str) -> str:
    found = regexp.find(run, pattern, text)
    return found.group(0) if found else ""


def _find_all(run: Run, pattern: str, text: str, limit: int) -> GoList:
    return _strings(regexp.find_all(run, pattern, text, limit))


def _replace_all(run: Run, pattern: str, text: str, template: str) -> str:
    return regexp.replace_all(run, pattern, text, template)


def _replace_all_literal(run: Run, pattern: str, text: str, replacement: str) -> str:
    return regexp.replace_all_literal(run, pattern, text, replacement)


def _split(run: Run, pattern: str, text: str, limit: int) -> GoList:
    return _strings(regexp.split(run, pattern, text, limit))


def _strings(found: list[str]) -> GoList:
    return strings(found) if found else nil_list("string")


_enter("regexFind", _find, STRING, STRING)
_enter("regexFindAll", _find_all, STRING, STRING, INT)
_enter("regexReplaceAll", _replace_all, STRING, STRING, STRING)
_enter("regexReplaceAllLiteral", _replace_all_literal, STRING, STRING, STRING)
_enter("regexSplit", _split, STRING, STRING, INT)
REGEXPS.function("mustRegexMatch", params=(STRING, STRING), run=True)(regexp.is_match)


@REGEXPS.function("regexMatch", params=(STRING, STRING), run=True)
def regex_match(run: Run, pattern: str, text: str) -> bool:
    """Return whether the pattern matches; false for one that is invalid."""
    try:
        return regexp.is_match(run, pattern, text)
    except BudgetError:
        raise
    except GoError:
        return False


REGEXPS.function("regexQuoteMeta", params=(STRING,), run=True)(regexp.quote_meta)
