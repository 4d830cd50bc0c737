# SPDX-License-Identifier: Apache-2.0
"""Templates that call one another."""

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.compiling.definitions import Definition, executor, find
from keyfleet.transform.gotemplate.compiling.frame import Frame
from keyfleet.transform.gotemplate.errors import BudgetError, GoError


def test_executes_a_template_by_its_name_for_a_function() -> None:
    run = a_run()

    def write(frame: Frame) -> int:
        frame.out.add(f"<{frame.dot}>")
        return 0

    execute = executor({"a": Definition(write, 1)}, "t", run, "default")
    assert execute("a", 5) == "<5>"
    with pytest.raises(GoError) as caught:
        execute("kf-canary-name", 5)
    assert "canary" not in caught.value.shown("{{executeTemplate .x}}")
    assert caught.value.go_text() == (
        'template: no template "kf-canary-name" associated with template "t"'
    )
    assert run.depth == 0


def test_refuses_more_depth_than_there_is() -> None:
    run = a_run(templates=2)
    run.depth = 2
    with pytest.raises(BudgetError):
        find({"a": Definition(lambda _: 0, 1)}, "a", run)


def test_recursion_may_be_deep_but_not_endless() -> None:
    again = '{{template "c" (print . "x")}}'
    count = "{{if lt (len .) 100}}" + again + "{{else}}{{.}}{{end}}"
    assert render(f'{{{{define "c"}}}}{count}{{{{end}}}}{again}', "") == "x" * 100
    with pytest.raises(TemplateError, match=r"exceeded maximum template depth \(250\)"):
        render('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', None)


def test_recursion_that_python_cannot_follow_is_an_error_too() -> None:
    nested = "{{if 1}}{{with 1}}{{range 1}}" * 5
    template = f'{{{{define "a"}}}}{nested}{{{{template "a"}}}}{"{{end}}" * 15}{{{{end}}}}'
    with pytest.raises(TemplateError, match="maximum template depth"):
        render(template + '{{template "a"}}', None)


def test_calling_twice_what_calls_twice_ends() -> None:
    doubling = "".join(
        f'{{{{define "x{n}"}}}}{{{{template "x{n + 1}"}}}}{{{{template "x{n + 1}"}}}}{{{{end}}}}'
        for n in range(100)
    )
    with pytest.raises(TemplateError, match="more than 100000 steps"):
        render(f'{doubling}{{{{define "x100"}}}}{{{{end}}}}{{{{template "x0"}}}}', None)
