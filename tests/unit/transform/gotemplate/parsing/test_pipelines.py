# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.parsing import lexer, nodes
from keyfleet.transform.gotemplate.parsing.cursor import Cursor
from keyfleet.transform.gotemplate.parsing.lexer import tokens_of
from keyfleet.transform.gotemplate.parsing.pipelines import MAX_DEPTH, Pipelines


def parsed(inside: str, context: str = "command", *, variables: str = "") -> nodes.Pipeline:
    cursor = Cursor(tokens_of(f"{{{{{inside}}}}}"), "t")
    cursor.take()
    pipelines = Pipelines(cursor, {"print", "len"})
    for name in variables.split():
        pipelines.scope.declare(name)
    found = pipelines.pipeline(context)
    assert cursor.take().kind == lexer.END_OF_SOURCE
    assert pipelines.depth == 0
    return found


def message(inside: str, context: str = "command") -> str:
    with pytest.raises(TemplateError) as caught:
        parsed(inside, context)
    return str(caught.value).removeprefix("template: t:1: ")


def first_operand(inside: str, *, variables: str = "") -> nodes.Operand:
    return parsed(inside, variables=variables).commands[0].operands[0]


def test_commands_and_operands_keep_their_order() -> None:
    found = parsed("print 1 .a | len")
    assert [[str(o) for o in c.operands] for c in found.commands] == [["print", "1", ".a"], ["len"]]


def test_the_last_pipe_may_lead_nowhere_as_in_go() -> None:
    assert len(parsed("print 1 |").commands) == 1


def test_declarations_and_assignments() -> None:
    declared, assigned = parsed("$x := 1"), parsed("$x = 1")
    assert [v.name for v in declared.declarations] == ["$x"]
    assert not declared.is_assignment
    assert assigned.is_assignment


def test_range_declares_two_variables() -> None:
    found = parsed("$i, $e := .", "range")
    assert [v.name for v in found.declarations] == ["$i", "$e"]


def test_a_variable_that_is_only_used_declares_nothing() -> None:
    found = parsed("$x 1", variables="$x")
    assert found.declarations == ()
    assert [str(o) for o in found.commands[0].operands] == ["$x", "1"]


def test_an_assigned_variable_is_known_afterwards_as_in_go() -> None:
    assert str(parsed("print ($x = 1) $x")) == "print ($x = 1) $x"


@pytest.mark.parametrize(
    ("inside", "kind", "column"),
    [
        (".", nodes.Dot, 2), (".a", nodes.Field, 2), (".a.b.c", nodes.Field, 4),
        ("$", nodes.Variable, 2), ("$.a.b", nodes.Variable, 3), ("(1)", nodes.Pipeline, 3),
        ("(1).a", nodes.Chain, 5), ("print.a", nodes.Chain, 7), ("print", nodes.Identifier, 2),
        ("true", nodes.Bool, 2), ("'a'", nodes.Number, 2), ("1", nodes.Number, 2),
        ("1+2i", nodes.Number, 2), ('"a"', nodes.String, 2), ("nil", nodes.Nil, 2),
    ],
)  # fmt: skip
def test_operands_and_the_columns_that_go_reports_for_them(
    inside: str, kind: type[nodes.Node], column: int
) -> None:
    found = first_operand(inside)
    assert type(found) is kind
    assert (found.line, found.column) == (1, column)


def test_fields_join_what_stands_before_them() -> None:
    field, variable, chain = (first_operand(i) for i in (".a.b", "$.a.b", "(.).a.b"))
    assert isinstance(field, nodes.Field)
    assert field.names == ("a", "b")
    assert isinstance(variable, nodes.Variable)
    assert (variable.name, variable.fields) == ("$", ("a", "b"))
    assert isinstance(chain, nodes.Chain)
    assert chain.names == ("a", "b")


def test_constants_keep_their_source_and_their_value() -> None:
    string, number, boolean = (
        first_operand(r'"\x41"'),
        first_operand("0x10"),
        first_operand("false"),
    )
    assert isinstance(string, nodes.String)
    assert (string.source, string.value) == (r'"\x41"', "A")
    assert isinstance(number, nodes.Number)
    assert (number.source, number.default, number.as_float) == ("0x10", 16, 16.0)
    assert isinstance(boolean, nodes.Bool)
    assert boolean.value is False


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("", "missing value for command"),
        ("()", "missing value for parenthesized pipeline"),
        ("print 3, 4", 'unexpected "," in operand'),
        ("print 3`x`", 'unexpected "`x`" in operand'),
        ("print(1)", 'unexpected "(" in operand'),
        ("print if", "unexpected <if> in operand"),
        (", 1", 'unexpected "," in command'),
        ("(, 1)", 'unexpected "," in parenthesized pipeline'),
        ("$x", 'undefined variable "$x"'),
        ("nope", 'function "nope" not defined'),
        ("1.5.x", 'unexpected . after term "1.5"'),
        ('"a".x', 'unexpected . after term ""a""'),
        ("true.x", 'unexpected . after term "true"'),
        ("..x", 'unexpected . after term "."'),
        ("1 | 2", "non executable command in pipeline stage 2"),
        ("1 | print | nil", "non executable command in pipeline stage 3"),
        ("$a, $b := 1", "too many declarations in command"),
        ("1e+", 'illegal number syntax: "1e+"'),
        ('"\\q"', "invalid syntax"),
        ("''", "invalid syntax"),
    ],
)
def test_complaints(inside: str, text: str) -> None:
    assert message(inside) == text.replace('""a""', r'"\"a\""')


def test_complaints_about_range() -> None:
    assert message("$a, $b, $c := .", "range") == "too many declarations in range"
    assert message("$a, .", "range") == "range can only initialize variables"
    assert message("$a,", "range") == "missing value for range"


def test_parentheses_are_nested_up_to_a_bound() -> None:
    deepest = "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH
    assert str(parsed(deepest)) == deepest
    assert message(f"({deepest})") == "max expression depth exceeded"
