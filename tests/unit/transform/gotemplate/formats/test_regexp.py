# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formats import regexp
from keyfleet.transform.gotemplate.values import decoded

bytes_as_text = st.binary(max_size=30).map(decoded)


@given(bytes_as_text)
def test_keeps_every_byte_of_a_text_that_is_no_utf8(text: str) -> None:
    assert regexp.replace_all(a_run(), "(?s)(.)", text, "$1") == text
    assert "".join(regexp.split(a_run(), "", text, -1)) == text
    assert regexp.find_all(a_run(), "(?s)^.*$", text, -1) == [text]


@given(bytes_as_text)
def test_quotes_a_text_so_that_it_matches_itself(text: str) -> None:
    valid = text.encode("utf-8", "replace").decode()
    assert regexp.is_match(a_run(), f"^{regexp.quote_meta(a_run(), valid)}$", valid)


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("x*", "axb", ["", "x", ""]),
        ("a|", "aab", ["a", "a", ""]),
        (r"\B", "é", ["", ""]),
        (".", "\udcff", ["\udcff"]),
        (r"\bx", "ax x", ["x"]),
    ],
)
def test_finds_all_as_go_does(source: str, text: str, found: list[str]) -> None:
    assert regexp.find_all(a_run(), source, text, -1) == found


def test_finds_no_more_than_asked_for() -> None:
    assert regexp.find_all(a_run(), "a", "aaa", 2) == ["a", "a"]
    assert regexp.find_all(a_run(), "a", "aaa", 0) == []
    assert regexp.find(a_run(), "z", "aaa") is None


def test_gives_groups() -> None:
    found = regexp.find(a_run(), "(a)|(?P<n>b)", "b")
    assert found is not None
    assert found.groups() == ["b", "", "b"]


@pytest.mark.parametrize(
    ("template", "replaced"),
    [
        ("$0", "<ab>"), ("$1W", "<>"), ("${1}W", "<aW>"), ("$n$$", "<b$>"), ("${n", "<${n>"),
        ("$", "<$>"), ("$9", "<>"), ("$01", "<>"), ("${}", "<${}>"),
    ],
)  # fmt: skip
def test_fills_in_templates_as_go_does(template: str, replaced: str) -> None:
    assert regexp.replace_all(a_run(), "(a)(?P<n>b)", "<ab>", template) == replaced


def test_replaces_with_literal_text() -> None:
    assert regexp.replace_all_literal(a_run(), "a", "aé", "$0") == "$0é"


@pytest.mark.parametrize(
    ("source", "text", "limit", "pieces"),
    [
        (",", "a,b,", -1, ["a", "b", ""]),
        ("", "abc", -1, ["a", "b", "c"]),
        (",", "a,b,c", 2, ["a", "b,c"]),
        (",", "a,b", 0, []),
        (",", "", -1, [""]),
        ("", "", -1, []),
    ],
)
def test_splits_as_go_does(source: str, text: str, limit: int, pieces: list[str]) -> None:
    assert regexp.split(a_run(), source, text, limit) == pieces


@pytest.mark.parametrize(
    ("source", "text", "template"),
    [
        ("a", "a" * 50_000, "b" * 1000),  # would grow to 50 MB
        ("(a)", "a" * 50_000, "$1" * 10_000),
        ("a(?:.*c)?", "a" * 500_000, ""),  # every search looks at all that follows
        ("a[ab]{999}c", "ab" * 500_000, ""),  # too many states
    ],
)
def test_stops_before_it_takes_too_much(source: str, text: str, template: str) -> None:
    with pytest.raises(BudgetError):
        regexp.replace_all(a_run(), source, text, template)
