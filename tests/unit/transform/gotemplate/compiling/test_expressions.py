# SPDX-License-Identifier: Apache-2.0
"""Pipelines, commands, operands and variables."""

import pytest

from keyfleet.transform.gotemplate import TemplateError, render

DATA = {"s": "text", "n": None, "l": [1, "a"], "m": {"k": "v"}}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{1 | print 2 | printf `%s-%v` .s}}", "text-2 1"),
        ("{{(print 1 | len) | printf `%d%d` (len .l | print | len)}}", "11"),
        ("{{print (.n) .absent nil}}", "<nil> <nil> <nil>"),
        ("{{(.n).x}}{{.absent.x.y}}", "<no value><no value>"),
        ("{{$x := 1}}{{$y := $x}}{{$x = 2}}{{$x}}{{$y}}", "21"),
        ("{{($x := 2)}}{{$x}}", "22"),
        ("{{$x := $.m}}{{$x.k}}{{$.m.k}}", "vv"),
        ("{{print print}}{{len (print 1 2)}}", "3"),
        ("{{or 1 (index .l 9)}}{{and 0 (index .l 9)}}", "10"),
    ],
)
def test_evaluates(template: str, text: str) -> None:
    assert render(template, DATA) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{nil}}", 't:1:2: executing "t" at <nil>: nil is not a command'),
        ("{{$x = 1}}", 't:1:7: executing "t" at <1>: undefined variable: $x'),
        ("{{or 1 ($x := 2)}}{{$x}}", 't:1:20: executing "t" at <$x>: undefined variable: $x'),
        ("{{$x := $x}}", 't:1:8: executing "t" at <$x>: undefined variable: $x'),
        ("{{1 2}}", 't:1:2: executing "t" at <1>: can\'t give argument to non-function 1'),
        ("{{(1) 2}}", 't:1:2: executing "t" at <(1) 2>: can\'t give argument to non-function 1'),
        ("{{2 | .}}{{$}}", "non executable command in pipeline stage 2"),
        ("{{2 | $}}", 't:1:6: executing "t" at <$>: can\'t give argument to non-function $'),
        ("{{len}}", 't:1:2: executing "t" at <len>: wrong number of args for len: want 1 got 0'),
        ("{{1 | index}}{{1 | len 2}}", "wrong number of args for len: want 1 got 2"),
        ("{{printf .n}}", "at <.n>: wrong type for value; expected string; got interface {}"),
        ("{{.n | printf}}", "at <printf>: invalid value; expected string"),
        ("{{printf 3}}", "at <3>: expected string; found 3"),
        ("{{18446744073709551615}}", "18446744073709551615 overflows int"),
        ("{{call .s}}", "error calling call: non-function .s of type string"),
        ("{{(index .l 1).y}}", "at <1>: can't evaluate field y in type string"),
        ("{{.s.y}}", "at <.s.y>: can't evaluate field y in type interface {}"),
        ("{{$x := .s}}{{$x.y}}", "at <$x.y>: can't evaluate field y in type string"),
    ],
)
def test_fails_where_and_as_go_does(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template, DATA)
    assert str(caught.value).endswith(message)


def test_what_is_not_reached_does_not_fail() -> None:
    template = "{{if 0}}{{nil}}{{$x = 1}}{{len}}{{printf 3}}{{template `no`}}{{.s.y}}{{end}}ok"
    assert render(template, DATA) == "ok"


@pytest.mark.parametrize(
    "pieces",
    ["$" + ".a" * 300, "$.a " * 300, "($).a " * 300, "(1 | print) " * 300, "1 " * 300],
)
def test_everything_that_is_evaluated_costs(pieces: str) -> None:
    """So that few iterations of an action with many pieces are as dear as many with one."""
    with pytest.raises(TemplateError, match="more than 100000 steps"):
        render(f"{{{{range 400}}}}{{{{$_ := print {pieces}}}}}{{{{end}}}}", {})


def test_long_pipelines_and_argument_lists_need_no_depth() -> None:
    assert render("{{1" + " | print" * 5000 + "}}", None) == "1"
    assert len(render("{{print" + " 1" * 5000 + "}}", None)) == 9999
