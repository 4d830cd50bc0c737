# SPDX-License-Identifier: Apache-2.0
"""Find remote secrets by name, as `dataFrom[].find.name.regexp` means it: RE2, unanchored."""

from collections.abc import Callable

from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.base.regexps import searcher

_FIELD = "find.name.regexp"


def name_matcher(expression: str) -> Callable[[str], bool]:
    """Return a test whether the expression matches anywhere in a name.

    Raises:
        InvalidIntentError: `store.query`: it is no RE2 expression, or one that costs too much.
    """
    try:
        return searcher(expression)
    except InvalidInputError as error:
        hint = error.hint
    raise InvalidIntentError("store.query", "the store cannot be asked so", _FIELD, hint)
