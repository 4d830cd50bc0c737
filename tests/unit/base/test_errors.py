# SPDX-License-Identifier: Apache-2.0
import inspect
from datetime import timedelta
from itertools import pairwise

import pytest

from keyfleet.base import errors
from keyfleet.base.errors import (
    InvalidInputError,
    KeyfleetError,
    ThrottledError,
    TransformError,
    UnreachableError,
)

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, KeyfleetError)
]


def _drawn_parents() -> dict[str, str]:
    """Return child -> parent as the tree at the top of the module draws them."""
    lines = (errors.__doc__ or "").splitlines()
    drawn = [(len(line) - len(line.lstrip()), line.split()) for line in lines if "Error" in line]
    tree = [(depth, words[0].partition("(")[0]) for depth, words in drawn if depth]
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for depth, name in tree:
        above = [(d, n) for d, n in above if d < depth]
        parents[name] = above[-1][1] if above else "Exception"
        above.append((depth, name))
    return parents


def test_the_tree_at_the_top_of_the_module_is_the_tree() -> None:
    assert _drawn_parents() == {kind.__name__: kind.__mro__[1].__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_says_what_on_which_object_and_what_to_do(kind: type[KeyfleetError]) -> None:
    error = kind("x.code", "it failed", "east/a/b", "do this")
    assert str(error) == "it failed: east/a/b"
    assert error.diagnostics().splitlines() == [
        "Error: it failed: east/a/b",
        "Hint: do this",
        "Docs: x.code",
    ]


def test_subject_and_hint_may_be_absent() -> None:
    assert KeyfleetError("x.code", "it failed").diagnostics() == "Error: it failed\nDocs: x.code"


def test_reactions_carry_what_the_reaction_needs() -> None:
    assert ThrottledError("c", "m", retry_after=timedelta(seconds=3)).retry_after is not None
    assert UnreachableError("c", "m").retry_after is None
    assert InvalidInputError("c", "m", path="spec.x").path == "spec.x"
    assert TransformError("c", "m", key="password").key == "password"


def test_no_temporary_error_is_permanent() -> None:
    for one, two in pairwise((errors.TemporaryError, errors.PermanentError)):
        assert not issubclass(one, two)
        assert not issubclass(two, one)


def test_no_subject_forges_a_line() -> None:
    error = InvalidInputError("input.x", "cannot be read", "a\nError: fine\r\n")
    assert str(error) == "cannot be read: a\\nError: fine\\r\\n"
    assert len(error.diagnostics().splitlines()) == 2
