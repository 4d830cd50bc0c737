# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.yaml import from_kubernetes_yaml, to_kubernetes_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x]\n", {"a": 1.0, "b": ["x"]}),
        ("5: x\n1.5: y\ntrue: z\n", {"5": "x", "1.5": True, "true": "z"}),
        ("a: 2020-01-01", {"a": "2020-01-01"}),
        ("---\na: b\n---\n[", {"a": "b"}),
        ("", None),
    ],
)
def test_reads_by_way_of_json(text: str, value: Any) -> None:
    assert from_kubernetes_yaml(a_run(), text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: .nan", "json: unsupported value: NaN"),
        ("~: a", "unsupported map key of type: %!s(<nil>), key: <nil>, value: a"),
    ],
)
def test_says_that_reading_failed(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        from_kubernetes_yaml(a_run(), text)
    assert caught.value.go_text() == f"error converting YAML to JSON: {problem}"


def test_writes_by_way_of_json() -> None:
    assert to_kubernetes_yaml(a_run(), {"a": 1e6, "b": 1e21, "c": "y"}) == (
        'a: 1000000\nb: 1e+21\nc: "y"\n'
    )
    with pytest.raises(GoError):
        to_kubernetes_yaml(a_run(), "\x7f")  # which JSON may hold, but not YAML
