# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("kindOf (list)", "slice"),
        ('kindIs "int" 1', "true"),
        ('hasField "IP" (parseCIDR "10.0.0.0/8")', "true"),
        ('hasField "String" (parseCIDR "10.0.0.0/8")', "false"),
        ("deepCopy (list nil 1)", "[<nil> 1]"),
        ("deepEqual 1 1.0", "false"),
    ],
)
def test_looks_at_types(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("kindOf nil", "value must not be nil"),
        ('kindIs "x" nil', "value must not be nil"),
        ('hasField "a" (dict "a" 1)', "last argument must be a struct"),
        ("deepCopy nil", "value cannot be nil"),
    ],
)
def test_reports_what_has_no_type(action: str, text: str) -> None:
    assert problem(sprout, action).endswith(f": {text}")
