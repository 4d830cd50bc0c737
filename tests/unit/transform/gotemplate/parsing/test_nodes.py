# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.parsing import nodes
from keyfleet.transform.gotemplate.parsing.parser import parse


def only_node(source: str) -> nodes.Item:
    return parse(source, name="t", functions={"print", "index"}).definitions["t"].nodes[-1]


@pytest.mark.parametrize(
    "source",
    [
        "{{.}}", "{{.a.b}}", "{{$x := 1}}", "{{$.a.b}}", "{{(index . 0).a.b}}", "{{print.a}}",
        '{{print "a\\n" `b` 0x1F true nil . (1)}}', "{{.a | print 1 | print}}",
        "{{print (print . | index)}}",
        "{{($x := .a)}}", "{{$ = 1}}", '{{template "a"}}', '{{template "a" .b | print}}', "text",
    ],
)  # fmt: skip
def test_a_node_prints_as_its_source(source: str) -> None:
    assert str(only_node(source)) == source


def test_space_and_the_quotes_of_template_names_print_as_go_does() -> None:
    assert str(only_node("{{  print   1|print  }}")) == "{{print 1 | print}}"
    assert str(only_node("{{template `a`  .}}")) == '{{template "a" .}}'


def test_two_variables_are_declared_side_by_side() -> None:
    loop = only_node("{{range $i, $e := .}}{{end}}")
    assert isinstance(loop, nodes.Range)
    assert str(loop.pipeline) == "$i, $e := ."


def test_jumps_print_as_their_source() -> None:
    loop = only_node("{{range .}}{{break}}{{continue}}{{end}}")
    assert isinstance(loop, nodes.Range)
    assert [str(node) for node in loop.body.nodes] == ["{{break}}", "{{continue}}"]


def test_deep_pipelines_print_without_recursion() -> None:
    term: nodes.Operand = nodes.Dot(1, 0)
    for _ in range(50_000):
        term = nodes.Pipeline(
            1, 0, (), is_assignment=False, commands=(nodes.Command(1, 0, (term,)),)
        )
    assert str(term) == "(" * 49_999 + "." + ")" * 49_999
