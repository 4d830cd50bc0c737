# SPDX-License-Identifier: Apache-2.0
"""JSON. What Go says to many more is in vectors/sprig_json.jsonl."""

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.json import (
    must_from_json,
    must_to_json,
    to_json,
    to_pretty_json,
    to_raw_json,
)

NO_JSON = float("nan")


def test_what_has_no_json_is_empty_or_an_error() -> None:
    assert to_json(a_run(), NO_JSON) == to_pretty_json(a_run(), NO_JSON) == ""
    for encode in (must_to_json, to_raw_json):
        with pytest.raises(GoError):
            encode(a_run(), NO_JSON)


def test_forms() -> None:
    assert to_json(a_run(), {"b": "<", "a": [1]}) == '{"a":[1],"b":"\\u003c"}'
    assert to_raw_json(a_run(), "<") == '"<"'
    assert to_pretty_json(a_run(), {"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'
    assert must_from_json(a_run(), "[1]") == [1.0]


def test_an_empty_text_does_not_hide_that_the_budget_is_spent() -> None:
    with pytest.raises(BudgetError):
        to_json(a_run(steps=5), list(range(1000)))
