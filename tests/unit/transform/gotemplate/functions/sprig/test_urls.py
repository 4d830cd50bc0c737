# SPDX-License-Identifier: Apache-2.0
"""URLs. What Go says to many more is in vectors/sprig_urls.jsonl."""

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.urls import url_join, url_parse

URL = "https://u%20x:p@h:80/a%20b?q=1#f"


def test_parts_join_to_the_url() -> None:
    parts = url_parse(a_run(), URL)
    assert parts == {
        "scheme": "https", "userinfo": "u%20x:p", "host": "h:80", "hostname": "h",
        "path": "/a b", "query": "q=1", "fragment": "f", "opaque": "",
    }  # fmt: skip
    assert url_join(a_run(), parts) == URL


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"host": 5}, "unable to parse host key, must be of type string, but int found"),
        ({"host": None}, "runtime error: invalid memory address or nil pointer dereference"),
        (
            {"userinfo": "a b"},
            'unable to parse userinfo in dict: parse "proto://a b@host": net/url: invalid userinfo',
        ),
    ],
)
def test_refuses(parts: dict[str, object], problem: str) -> None:
    with pytest.raises(GoError) as caught:
        url_join(a_run(), parts)
    assert caught.value.go_text() == problem


def test_long_urls_are_paid_for() -> None:
    with pytest.raises(BudgetError):
        url_parse(a_run(), "/" + "%41" * 2_000_000)
    with pytest.raises(BudgetError):
        url_join(a_run(), {"path": " " * 4_000_000})
