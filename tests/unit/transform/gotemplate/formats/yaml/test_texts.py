# SPDX-License-Identifier: Apache-2.0
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.yaml.texts import single_text, text_map


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        ("007", "7"),
        ("0x1f", "31"),
        ("1_000", "1000"),
        ("-5", "-5"),
        ("18446744073709551615", "18446744073709551615"),
        ("3.14159265", "3.1415927"),
        ("1e6", "1e+06"),
        ("0.5", "0.5"),
        ("1e300", "+Inf"),
        (".inf", "+Inf"),
        (".nan", "NaN"),
        ("y", "true"),
        ("Yes", "true"),
        ("ON", "true"),
        ("off", "false"),
        ("No", "false"),
        ("null", ""),
        ("~", ""),
        ("", ""),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("'007'", "007"),
        ('"yes"', "yes"),
        ("!!str 5", "5"),
        ("1:30", "1:30"),
        ("text # comment", "text"),
    ],
)
def test_scalars_become_texts(scalar: str, text: str) -> None:
    assert text_map(a_run(), f"k: {scalar}") == {"k": text}


@pytest.mark.parametrize(
    ("key", "text"),
    [("5", "5"), ("yes", "true"), ("1.5", "1.5"), (".inf", ".inf"), ("0x10", "16"), ("n", "false")],
)
def test_keys_become_texts(key: str, text: str) -> None:
    assert text_map(a_run(), f"{key}: v") == {text: "v"}


def test_of_two_entries_with_one_key_the_later_counts() -> None:
    assert text_map(a_run(), "a: 1\na: 2") == {"a": "2"}


def test_only_the_first_document_counts() -> None:
    assert text_map(a_run(), "a: b\n---\nc: d") == {"a": "b"}


@pytest.mark.parametrize("text", ["- a", "a", "5", "k: [a]", "k: {a: b}", "~: a", "k: [", "[a]: b"])
def test_what_is_no_map_of_texts_is_refused(text: str) -> None:
    with pytest.raises(GoError):
        text_map(a_run(), text)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_single_precision_is_written_so_that_it_reads_back(number: float) -> None:
    text = single_text(number)
    assert struct.pack("f", float(text)) == struct.pack("f", number)
    assert len(text.lstrip("-").replace(".", "").partition("e")[0].strip("0")) <= 9
