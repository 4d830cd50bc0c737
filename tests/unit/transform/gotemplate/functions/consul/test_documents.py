# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import consul, problem


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('parseJSON ""', "map[]"),
        ('(parseJSON "{`a`: 1e6}").a'.replace("`", '\\"'), "1e+06"),
        ('parseYAML ""', "map[]"),
        ('parseYAML "yes: on"', "map[true:true]"),
        ('toJSON "<"', '"\\u003c"'),
        ('toUnescapedJSON "<"', '"<"'),
        ("toJSONPretty (sprig_list 1)", "[\n  1\n]"),
        ('toUnescapedJSONPretty (sprig_list "<")', '[\n  "<"\n]'),
        ('toYAML (sprig_dict "a" (sprig_list 1))', "a:\n- 1"),
        ('toTOML (sprig_dict "a" 1)', "a = 1"),
    ],
)
def test_reads_and_writes_documents(action: str, text: str) -> None:
    assert consul(action) == text


def test_names_the_writer_in_its_errors() -> None:
    assert problem(consul, "toJSON 1i") == (
        "error calling toJSON: toJSON: json: unsupported type: complex128"
    )
    assert problem(consul, "toTOML nil").startswith("error calling toTOML: reflect: ")


def test_does_not_show_what_it_cannot_read() -> None:
    assert "kf-canary" not in problem(consul, "parseJSON .a", a="kf-canary-a")
