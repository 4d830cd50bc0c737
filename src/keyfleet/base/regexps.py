# SPDX-License-Identifier: Apache-2.0
"""RE2 expressions of manifests, searched for in names: linear in the name, and cheap to compile.

Counted repetitions cost the square of what they add up to when they are compiled, and each class of
Unicode some milliseconds. Both are bounded before RE2 sees an expression. A search is linear, but
each letter may cost as many steps as the expression has states: thousands of names would take
minutes. So what one test takes altogether is bounded, too.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import re2

from keyfleet.base.errors import InvalidInputError

LETTERS_MAX: Final = 10_000
REPEATED_MAX: Final = 5_000
"""What counted repetitions may add up to: compiling takes RE2 the square of it, here 50 ms."""
_CLASSES_MAX: Final = 100
_MEMORY_BYTES: Final = 8 << 20
SEARCH_STEPS_MAX: Final = 10_000_000
"""States times letters of one search: a tenth of a second at worst."""
SEARCHES_MAX_S: Final = 0.25
"""Of CPU, for all searches of one test; ten thousand names take some milliseconds."""


def repeated(expression: str) -> int:
    """Return what the largest numbers of all counted repetitions add up to.

    >>> repeated("a{2,30}b{5}")
    35
    """
    total = 0
    for part in expression.split("{")[1:]:
        numbers = [n for n in part.partition("}")[0].split(",") if n.isdecimal() and n.isascii()]
        total += max((int(n[:4]) for n in numbers), default=0)
    return total


def searcher(expression: str) -> Callable[[str], bool]:
    """Return a test whether the expression matches anywhere in a text; it raises as this does.

    >>> [name for name in ("db-1", "web") if searcher("^db")(name)]
    ['db-1']

    Raises:
        InvalidInputError: `regexp.invalid`: no RE2 expression, or one that costs too much.
    """
    classes = expression.count(r"\p") + expression.count(r"\P")
    is_cheap = len(expression) <= LETTERS_MAX and repeated(expression) <= REPEATED_MAX
    if is_cheap and classes <= _CLASSES_MAX:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY_BYTES
        try:
            compiled = re2.compile(expression, options=options)
        except (re2.error, ValueError):
            compiled = None
        re2.purge()  # RE2's module would keep 128 of them
        if compiled is not None:
            return _Search(compiled)
    raise _unusable()


class _Search:
    """Searches for one expression, as long as that does not take too long."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._took_s = 0.0

    def __call__(self, text: str) -> bool:
        if len(text) * self._compiled.programsize > SEARCH_STEPS_MAX:
            raise _unusable()
        if self._took_s > SEARCHES_MAX_S:
            raise _unusable()
        began = time.thread_time()
        is_found = self._compiled.search(text) is not None
        self._took_s += time.thread_time() - began
        return is_found


def _unusable() -> InvalidInputError:
    return InvalidInputError(
        "regexp.invalid",
        "not a regular expression that can be used",
        hint="write it in RE2 syntax, as Go has it: no look-around, no back-references,"
        " and no more than a few thousand counted repetitions, or fewer where names are many",
    )
