# SPDX-License-Identifier: Apache-2.0
import inspect
import sys

import pytest
from hypothesis import given
from tests.unit.transform.gotemplate.sources import BUILTINS, sources, well_formed

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.parsing import lexer, nodes
from keyfleet.transform.gotemplate.parsing.parser import MAX_SOURCE_BYTES, parse
from keyfleet.transform.gotemplate.parsing.pipelines import MAX_DEPTH


def parsed(source: str) -> nodes.Template:
    return parse(source, name="t", functions=BUILTINS)


def outline(body: nodes.List | None) -> object:
    """Return a tree's shape: texts, the sources of actions, and lists for what has a body."""
    return None if body is None else [_outline(node) for node in body.nodes]


def _outline(node: nodes.Item) -> object:
    if not isinstance(node, nodes.Control):
        return str(node)
    name = type(node).__name__.lower()
    return (f"{name} {node.pipeline}", outline(node.body), outline(node.otherwise))


def shape(source: str) -> object:
    return outline(parsed(source).definitions["t"])


def message(source: str) -> str:
    with pytest.raises(TemplateError) as caught:
        parsed(source)
    assert caught.value.stage == "parse"
    return str(caught.value).removeprefix("template: t:")


def refusal(source: str) -> TemplateError | None:
    """Return why a source is refused, None where it is not."""
    try:
        parsed(source)
    except TemplateError as error:
        return error
    return None


def test_text_and_actions() -> None:
    assert shape("a{{.x}}\n{{- /* c */}} b") == ["a", "{{.x}}", " b"]


def test_control_structures_hold_their_bodies() -> None:
    assert shape("{{if .a}}x{{else}}y{{end}}") == [("if .a", ["x"], ["y"])]
    assert shape("{{range $i := .}}x{{break}}{{continue}}{{end}}") == [
        ("range $i := .", ["x", "{{break}}", "{{continue}}"], None)
    ]
    assert shape("{{with .}}{{with .a}}{{end}}{{else}}{{end}}") == [
        ("with .", [("with .a", [], None)], [])
    ]


def test_else_if_and_else_with_share_one_end() -> None:
    assert shape("{{if 1}}a{{else if 2}}b{{else}}c{{end}}d") == [
        ("if 1", ["a"], [("if 2", ["b"], ["c"])]), "d",
    ]  # fmt: skip
    assert shape("{{with 1}}a{{else with 2}}b{{end}}d") == [
        ("with 1", ["a"], [("with 2", ["b"], None)]), "d",
    ]  # fmt: skip


def test_definitions_stand_apart_from_the_main_template() -> None:
    found = parsed('a{{define "d"}}x{{end}}{{template "d" .}}{{block "e" 1}}y{{end}}').definitions
    assert {name: outline(body) for name, body in found.items()} == {
        "d": ["x"], "e": ["y"], "t": ["a", '{{template "d" .}}', '{{template "e" 1}}'],
    }  # fmt: skip


@pytest.mark.parametrize("empty", ["", " \n", "{{/* c */}}", "\u2003"])
def test_of_two_definitions_the_one_that_is_not_empty_wins(empty: str) -> None:
    full, void = '{{define "d"}}x{{end}}', f'{{{{define "d"}}}}{empty}{{{{end}}}}'
    for source in (full + void, void + full, void + void + full):
        assert outline(parsed(source).definitions["d"]) == ["x"]


def test_the_main_template_is_a_definition_too() -> None:
    assert shape('{{define "t"}}x{{end}}') == ["x"]
    assert message('{{define "t"}}x{{end}}\ny') == (
        '2: template: multiple definition of template "t"'
    )


def test_places_are_those_of_the_pipeline() -> None:
    (loop,) = parsed("{{  range .a.b}}{{end}}").definitions["t"].nodes
    assert (loop.line, loop.column) == (1, 10)
    (call,) = parsed('{{template\n "d"}}').definitions["t"].nodes
    assert (call.line, call.column) == (2, 1)


def test_names_may_be_raw_strings() -> None:
    assert "a\nb" in parsed("{{define `a\nb`}}{{end}}").definitions


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{end}}", "1: unexpected {{end}}"),
        ("{{else}}", "1: unexpected {{else}}"),
        ("{{if .}}\n", "2: unexpected EOF"),
        ("{{if .}}{{else}}{{else}}", "1: expected end; found {{else}}"),
        ("{{if}}{{end}}", "1: missing value for if"),
        ("{{block `a`}}{{end}}", "1: missing value for block clause"),
        ("{{if .}}{{else .}}", "1: unexpected <.> in else"),
        ("{{if .}}{{end .x}}", '1: unexpected ".x" in end'),
        ("{{if .}}{{else with .}}", "1: unexpected <with> in input"),
        ("{{range .}}{{else if .}}", "1: unexpected <if> in input"),
        ("{{range .}}{{else range .}}", "1: unexpected <range> in else"),
        ("{{break}}", "1: {{break}} outside {{range}}"),
        ("{{range .}}{{else}}{{continue}}{{end}}", "1: {{continue}} outside {{range}}"),
        ("{{range .}}{{block `a` .}}{{break}}{{end}}{{end}}", "1: {{break}} outside {{range}}"),
        ("{{range .}}{{break 1}}", '1: unexpected "1" in {{break}}'),
        ("{{template .x}}", '1: unexpected ".x" in template clause'),
        ("{{define .x}}", '1: unexpected ".x" in define clause'),
        ("{{define `a` .x}}", '1: unexpected ".x" in define clause'),
        ("{{define `a`}}{{else}}", "1: unexpected {{else}} in define clause"),
        ("{{block `a`\n.}}\n\n{{else}}", "2: unexpected {{else}} in block clause"),
        ("{{if .}}{{define `a`}}", "1: unexpected <define> in command"),
        ('{{template "\\q"}}', "1: invalid syntax"),
        ("{{if .}}\n{{else if\n#}}", '3: unexpected "#" in if'),
        ("{{if .}}\n{{#\n", '2: unexpected "#" in command'),
        ("\n{{.\n\n", "4: unclosed action started at t:2"),
        ("{{\n.a-b}}", "2: bad character U+002D '-' in action started at t:1"),
    ],
)
def test_complaints(source: str, text: str) -> None:
    assert message(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{if $x := 1}}{{$x}}{{else}}{{$x}}{{end}}",
        "{{if $x := 1}}{{else if $y := 2}}{{$x}}{{$y}}{{end}}",
        "{{with $x := 1}}{{template `a` $y := $x}}{{$y}}{{end}}",
        "{{range $i, $e := .}}{{$i}}{{else}}{{$e}}{{end}}",
        "{{define `a`}}{{$}}{{end}}",
    ],
)
def test_variables_live_until_the_end_of_what_declares_them(source: str) -> None:
    assert "t" in parsed(source).definitions


@pytest.mark.parametrize(
    "source",
    [
        "{{if $x := 1}}{{end}}{{$x}}",
        "{{if 1}}{{$x := 1}}{{end}}{{$x}}",
        "{{$x := 1}}{{define `a`}}{{$x}}{{end}}",
        "{{$x := 1}}{{block `a` .}}{{$x}}{{end}}",
    ],
)
def test_variables_are_unknown_elsewhere(source: str) -> None:
    assert message(source) == '1: undefined variable "$x"'


def test_variables_of_the_main_template_are_known_after_a_definition() -> None:
    assert shape("{{$x := 1}}{{define `a`}}{{$y := 1}}{{end}}{{$x}}")


@pytest.mark.parametrize("more", ["{{if 1}}", "{{with .}}", "{{range .}}", "{{else if 1}}"])
def test_control_structures_are_nested_up_to_a_bound(more: str) -> None:
    ends = 1 if "else" in more else MAX_DEPTH
    deepest = "{{if 1}}" + more * (MAX_DEPTH - 1)
    assert "t" in parsed(deepest + "{{end}}" * ends).definitions
    assert message(deepest + more) == "1: control structures nested too deeply"


def test_blocks_and_parentheses_count_as_nesting_too() -> None:
    assert message('{{block "a" .}}' * (MAX_DEPTH + 1)) == "1: control structures nested too deeply"
    assert message("{{if 1}}" * MAX_DEPTH + "{{(1)}}") == "1: max expression depth exceeded"


def test_a_caller_with_little_room_on_the_stack_gets_the_same_error() -> None:
    def deeper(depth: int) -> str:
        return deeper(depth - 1) if depth else message("{{" + "(" * 100 + "1" + ")" * 100 + "}}")

    room = sys.getrecursionlimit() - len(inspect.stack())
    assert deeper(room - 150) == "1: max expression depth exceeded"


def test_sources_have_a_bounded_size() -> None:
    assert shape("é" * (MAX_SOURCE_BYTES // 2))
    assert message("é" * (MAX_SOURCE_BYTES // 2) + "a").startswith("1: the template has more than")
    assert message("{{.}}" * lexer.MAX_TOKENS).startswith("1: the template has more than")


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert message("\ud800").startswith("1: the template is no text")


def test_empty_delimiters_are_the_defaults() -> None:
    assert parse("{{1}}", name="t", left="", right="").definitions["t"].nodes[0].column == 2


@given(well_formed())
def test_whole_templates_are_parsed(source: str) -> None:
    assert set(parsed(source).definitions) == {"d", "t"}


@given(sources())
def test_whatever_looks_like_a_template_is_parsed_or_refused(source: str) -> None:
    problem = refusal(source)
    assert problem is None or problem.stage == "parse"
    assert problem is None or 1 <= problem.line <= source.count("\n") + 1
