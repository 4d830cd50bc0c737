# SPDX-License-Identifier: Apache-2.0
"""Find remote secrets by name, as `dataFrom[].find.name.regexp` means it: RE2, unanchored."""

from collections.abc import Callable

import re2

from keyfleet.base.errors import InvalidIntentError

EXPRESSION_MAX = 10_000
"""Longest expression, in characters."""
_MEMORY_BYTES = 8 << 20


def name_matcher(expression: str) -> Callable[[str], bool]:
    """Return a test whether the expression matches anywhere in a name.

    RE2 takes time in proportion to the name, whatever the expression.

    >>> [name for name in ("db-1", "web") if name_matcher("^db")(name)]
    ['db-1']

    Raises:
        InvalidIntentError: `store.query`: it is no RE2 expression, or too long.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    if len(expression) <= EXPRESSION_MAX:
        try:
            search = re2.compile(expression, options=options).search
        except (re2.error, UnicodeError):
            pass
        else:
            return lambda name: search(name) is not None
    raise InvalidIntentError(
        "store.query",
        "the store cannot be asked so",
        "find.name.regexp",
        "not an RE2 regular expression: look-around and back-references do not exist",
    )
