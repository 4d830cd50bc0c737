# SPDX-License-Identifier: Apache-2.0
"""Actions and control structures."""

import pytest

from keyfleet.transform.gotemplate import TemplateError, render

DATA = {
    "s": "text", "n": None, "l": [1, "a", None], "m": {"b": 2, "a": 1}, "e": [],
    "rows": [{"k": [1, 2]}, {"k": []}, {"k": [3]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.s}}|{{.n}}|{{$x := 1}}|{{$x = 2}}|{{$x}}", "text|<no value>|||2"),
        ("{{if .e}}1{{else if .n}}2{{else if $x := .s}}{{$x}}{{else}}4{{end}}", "text"),
        ("{{if $x := 0}}1{{else if .n}}2{{else}}{{$x}}{{end}}", "0"),
        ("{{with .m}}{{.a}}{{else}}no{{end}}{{.s}}", "1text"),
        ("{{with .n}}1{{else with .s}}{{.}}{{else}}3{{end}}", "text"),
        ("{{with $x := .e}}1{{else}}{{$x}}{{.s}}{{end}}", "[]text"),
        ("{{range .l}}[{{.}}]{{end}}{{.s}}", "[1][a][<no value>]text"),
        ("{{range $i, $e := .l}}{{$i}}{{$e}};{{end}}", "01;1a;2<no value>;"),
        ("{{range $k, $v := .m}}{{$k}}{{$v}}{{end}}", "a1b2"),
        ("{{range $e := .m}}{{$e}}{{end}}", "12"),
        ("{{range $i, $e := .e}}x{{else}}{{$i}}{{$e}}{{end}}", "[][]"),
        ("{{$x := 0}}{{range $x = .l}}{{end}}{{$x}}", "<no value>"),
        ("{{$i := 0}}{{$e := 0}}{{range $i, $e = .l}}{{end}}{{$i}}{{$e}}", "2<no value>"),
        ("{{$n := 0}}{{range .l}}{{$n = print $n .}}{{end}}{{$n}}", "0 1a<nil>"),
        (
            "{{range 9}}{{if eq . 1}}{{continue}}{{end}}{{if gt . 3}}{{break}}{{end}}{{.}}{{end}}",
            "023",
        ),
        ("{{range .rows}}{{range .k}}{{.}}{{else}}{{break}}{{end}};{{end}}", "12;"),
        ("{{range .rows}}{{with .k}}{{range .}}{{break}}{{end}}{{continue}}{{end}}e{{end}}.", "e."),
        ("{{range .e}}{{else}}{{.s}}{{end}}", "text"),
        ("{{$v := 1}}{{if 1}}{{$v := 2}}{{$v}}{{end}}{{$v}}", "21"),
        ('{{template "d" .m}}{{define "d"}}{{.a}}{{$.b}}{{end}}', "12"),
        ('{{define "d"}}{{.}}{{end}}{{template "d" $y := 3}}{{$y}}', "33"),
        ('{{block "b" .m}}{{.a}}{{end}}{{template "b" .m}}', "11"),
    ],
)
def test_executes(template: str, text: str) -> None:
    assert render(template, DATA) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{range .l}}{{.x}}{{end}}", "can't evaluate field x in type interface {}"),
        ("{{range $x := .l}}{{$x.y}}{{end}}", "can't evaluate field y in type interface {}"),
        ("{{range $i, $x := .l}}{{$i.y}}{{end}}", "can't evaluate field y in type int"),
        ("{{range .l}}{{with .}}{{.y}}{{end}}{{end}}", "can't evaluate field y in type int"),
        ("{{with .s}}{{.y}}{{end}}", "can't evaluate field y in type string"),
        ("{{range .s}}{{end}}", "at <.s>: range can't iterate over [redacted]"),
        ('{{template "no"}}', 'at <{{template "no"}}>: template "no" not defined'),
    ],
)
def test_fails(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template, DATA)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    "template",
    [
        "{{range 10000000000}}{{end}}",
        "{{range 10000000000}}{{range 10000000000}}{{.}}{{end}}{{end}}",
        "{{range 1000000}}" + "a{{/* c */}}" * 1000 + "{{end}}",
        "{{range 1000000}}{{if 1}}{{continue}}{{end}}{{end}}",
    ],
)
def test_every_iteration_costs(template: str) -> None:
    with pytest.raises(TemplateError, match="more than 100000 steps"):
        render(template, DATA)


def test_output_is_bounded() -> None:
    with pytest.raises(TemplateError, match="text longer than 4194304 bytes"):
        render("{{range 5000}}" + "x" * 1000 + "{{end}}", None)
