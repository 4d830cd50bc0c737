# SPDX-License-Identifier: Apache-2.0
"""Semantic versions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.semver.versions import (
    METHODS,
    Version,
    compared_prereleases,
    parse_version,
)
from keyfleet.transform.gotemplate.values import type_of

numbers = st.integers(0, 2**64 - 1)
versions = st.builds(
    Version, numbers, numbers, numbers, st.sampled_from(["", "a", "a.1", "1", "1.2"])
)


@given(versions)
def test_reads_what_it_prints(version: Version) -> None:
    assert parse_version(version.go_string()).compared_to(version) == 0


@given(versions, versions)
def test_order_has_two_sides(one: Version, other: Version) -> None:
    assert one.compared_to(other) == -other.compared_to(one)


@pytest.mark.parametrize(
    "ascending",
    [["1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-a", "1.0.0-a.1", "1.0.0-b", "1", "1.0.1", "v1.1"]],
)
def test_pre_releases_come_before_their_release(ascending: list[str]) -> None:
    parsed = [parse_version(text) for text in ascending]
    assert [one.compared_to(next_) for one, next_ in pairwise(parsed)] == ([-1] * (len(parsed) - 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "invalid semantic version"), ("1.2.3.4", "invalid semantic version"),
        ("1..2", "invalid semantic version"), ("1.2.3+", "invalid semantic version"),
        ("1.2.3-a..b", "invalid semantic version"), ("1.2.3-01", "version segment starts with 0"),
    ],
)  # fmt: skip
def test_refuses(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        parse_version(text)
    assert caught.value.go_text() == problem


def test_a_number_too_large_is_shown_only_where_the_template_says_it() -> None:
    with pytest.raises(GoError) as caught:
        parse_version(f"{2**64}.0.0")
    assert str(2**64) not in caught.value.shown("{{ semver .v }}")
    assert str(2**64) in caught.value.shown(f'{{{{ semver "{2**64}.0.0" }}}}')


def test_long_texts_are_no_versions() -> None:
    with pytest.raises(BudgetError):
        parse_version("1.0.0-" + "a" * 1000)


def test_making_new_versions_keeps_the_prefix() -> None:
    version = parse_version("v1.2.3-a+b")
    patch = METHODS["IncPatch"].call(version)
    assert (patch.go_string(), patch.original, type_of(patch)) == (
        "1.2.3", "v1.2.3", "semver.Version",
    )  # fmt: skip
    assert METHODS["SetMetadata"].call(version, "c").go_string() == "1.2.3-a+c"


def test_shorter_pre_releases_come_first() -> None:
    assert compared_prereleases("a", "a.b") == -1
    assert compared_prereleases("", "a") == 1
