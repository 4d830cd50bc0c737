# SPDX-License-Identifier: Apache-2.0
"""Find remote secrets by name, as `dataFrom[].find.name.regexp` means it: RE2, unanchored."""

from collections.abc import Callable
from typing import TypeVar

from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.base.regexps import searcher

T = TypeVar("T")

_FIELD = "find.name.regexp"


def name_matcher(expression: str) -> Callable[[str], bool]:
    """Return a test whether the expression matches anywhere in a name; it raises as this does.

    Raises:
        InvalidIntentError: `store.query`: it is no RE2 expression, or one that costs too much.
    """
    search = _told(lambda: searcher(expression))
    return lambda name: _told(lambda: search(name))


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except InvalidInputError as error:
        hint = error.hint
    raise InvalidIntentError("store.query", "the store cannot be asked so", _FIELD, hint)
