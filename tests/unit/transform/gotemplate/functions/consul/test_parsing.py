# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import consul, problem


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('parseBool ""', "false"),
        ('parseBool "T"', "true"),
        ('parseFloat ""', "0"),
        ('parseFloat "1e3"', "1000"),
        ('parseInt "-007"', "-7"),
        ('parseInt "" | printf "%T"', "int64"),
        ('parseUint "5" | printf "%T"', "uint64"),
    ],
)
def test_reads_numbers_and_booleans(action: str, text: str) -> None:
    assert consul(action) == text


@pytest.mark.parametrize("name", ["parseBool", "parseFloat", "parseInt", "parseUint"])
def test_does_not_show_what_is_neither(name: str) -> None:
    text = problem(consul, f"{name} .a", a="kf-canary-a")
    assert text.startswith(f"error calling {name}: {name}: strconv.P")
    assert "kf-canary" not in text
