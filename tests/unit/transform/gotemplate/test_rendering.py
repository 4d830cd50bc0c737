# SPDX-License-Identifier: Apache-2.0
"""The way in: settings, data, the cache, and that nothing but a TemplateError comes out."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.sources import sources

from keyfleet.testing.clock import FakeClock
from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.rendering import Cache, Kind, compiled

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "list", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_renders() -> None:
    assert render("{{.a}}-{{.b}}", {"a": "x", "b": [1]}) == "x-[1]"


def test_settings_of_the_language() -> None:
    assert render("[[ .a ]] {{", {"a": 1}, left="[[", right="]]") == "1 {{"
    assert render("{{.x}}", {}, left="", right="") == "<no value>"
    assert render("{{.x}}", {}, missingkey="zero") == "<no value>"
    assert render("{{.x}}", {}, missingkey="zero", string_map=True) == ""
    with pytest.raises(
        TemplateError, match=r'template: key:1:2: executing "key" at <.x>: map has no'
    ):
        render("{{.x}}", {}, missingkey="error", name="key")


def test_a_string_map_gives_empty_strings() -> None:
    assert render('{{index . "absent"}}|{{printf "%T" .}}', {"a": b"\xff"}, string_map=True) == (
        "|map[string]string"
    )
    assert render("{{.a}}", {"a": b"\xff"}, string_map=True) == "\udcff"


def test_data_is_never_changed() -> None:
    data: dict[str, Any] = {"m": {}}
    assert render('{{set .m "k" 1}}', data, functions="sprig") == "map[k:1]"
    assert data == {"m": {}}


def test_the_name_is_part_of_the_template() -> None:
    """A definition may not take the template's own name, whatever was rendered before."""
    text = '{{define "one"}}x{{end}}a{{template "one"}}'
    assert render(text, None, name="two") == "ax"
    with pytest.raises(TemplateError, match="multiple definition"):
        render(text, None, name="one")


def test_unknown_function_sets_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        render("", None, functions="none")


def test_time_and_chance_come_from_the_caller() -> None:
    clock = FakeClock()
    text = "{{now | unixEpoch}} {{randAlpha 9}}"
    texts = {render(text, None, functions="sprig", clock=clock, random=Random(5)) for _ in range(3)}
    assert len(texts) == 1


def test_keeps_what_it_compiled() -> None:
    kind = Kind("core", "t")
    assert compiled("{{1}}", kind) is compiled("{{1}}", kind)
    assert compiled("{{1}}", kind) is not compiled("{{1}}", Kind("core", "u"))


def test_the_cache_drops_the_least_recently_used() -> None:
    templates = {(f"{{{{{number}}}}}", Kind()): number for number in range(3)}
    first, second, third = keys = list(templates)
    sizes = {compiled(*key).size_bytes for key in keys}
    cache = Cache(2 * max(sizes))
    cache.put(first, compiled(*first))
    cache.put(first, compiled(*first))
    cache.put(second, compiled(*second))
    assert cache.get(first) is compiled(*first)
    cache.put(third, compiled(*third))
    assert [cache.get(key) is not None for key in keys] == [True, False, True]
    large = ("{{1}}" * 10, Kind())
    cache.put(large, compiled(*large))
    assert [cache.get(key) for key in (*keys, large)] == [None] * 4


def test_what_is_kept_is_weighed_by_what_it_takes() -> None:
    assert compiled("{{.a}}" * 1000, Kind()).size_bytes > 1_000_000
    assert compiled("text\n" * 1000, Kind()).size_bytes < 50_000


def test_data_without_end_is_an_error_of_the_render() -> None:
    data: dict[str, Any] = {}
    data["a"] = data
    with pytest.raises(TemplateError, match="nested deeper"):
        render("{{.a}}", data)


def error_of(text: str, data: Any, **settings: Any) -> TemplateError | None:
    try:
        assert isinstance(render(text, data, **settings), str)
    except TemplateError as error:
        return error
    return None


@given(sources(), JSON, st.sampled_from(["default", "zero", "error"]))
def test_nothing_but_a_template_error_comes_out(text: str, data: Any, missing: str) -> None:
    error = error_of(text, data, missingkey=missing)
    assert error is None or (error.line >= 1 and error.stage in {"parse", "exec"})


@given(st.text(max_size=30), st.text(max_size=5), st.text(max_size=3), st.text(max_size=3))
def test_any_text_and_settings(text: str, name: str, left: str, right: str) -> None:
    error_of(text, None, name=name, left=left, right=right)


@given(sources(), st.dictionaries(st.sampled_from("abc"), st.just("kf-canary-9"), min_size=1))
def test_errors_never_show_a_value(text: str, data: Mapping[str, str]) -> None:
    assert "canary" not in str(error_of(text, data, string_map=True))
