# SPDX-License-Identifier: Apache-2.0
"""Paths. What Go says to many more is in vectors/sprig_paths.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.sprig.paths import (
    base,
    clean,
    directory,
    extension,
    is_absolute,
)

some_paths = st.text("ab./", max_size=12)


@given(some_paths)
def test_a_clean_path_stays(path: str) -> None:
    cleaned = clean(a_run(), path)
    assert clean(a_run(), cleaned) == cleaned
    assert is_absolute(cleaned) == is_absolute(path)
    assert "//" not in cleaned


@given(some_paths)
def test_directory_and_base_are_the_path_again(path: str) -> None:
    cleaned = clean(a_run(), path)
    assert clean(a_run(), f"{directory(a_run(), cleaned)}/{base(cleaned)}") == cleaned
    assert base(path).endswith(extension(base(path)))


def test_a_path_of_very_many_elements_is_refused() -> None:
    with pytest.raises(BudgetError):
        clean(a_run(), "/.." * 200_000)
