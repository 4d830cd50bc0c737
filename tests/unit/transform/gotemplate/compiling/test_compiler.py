# SPDX-License-Identifier: Apache-2.0
"""Compiled templates: executed many times, with errors that say where and show no data."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate import TemplateError
from keyfleet.transform.gotemplate.compiling.compiler import Compiled
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.parsing.parser import parse
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoObject

extra = Table()


@extra.function("forgets", params=(STRING,))
def forgets(text: str) -> str:
    raise GoError(f"cannot parse {text}")  # noqa: TRY003 - as no function should: see the net


@extra.function("executes", params=(STRING,), run=True)
def executes(run: Run, name: str) -> str:
    assert run.execute is not None
    return run.execute(name, "dot")


FUNCTIONS = function_set("core").union(extra)


class Root(GoObject):
    go_type = "*fleet.Root"

    def fields(self) -> Mapping[str, Any]:
        return {"Cluster": {"name": "east"}, "Data": {"k": "kf-canary-data"}}


def compiled(text: str, name: str = "t") -> Compiled:
    return Compiled(parse(text, name=name, functions=FUNCTIONS), FUNCTIONS)


def test_the_root_may_be_an_object() -> None:
    assert (
        compiled("{{.Cluster.name}}{{$.Data.k}}").execute(Root(), a_run()) == "eastkf-canary-data"
    )


def test_says_where_it_failed() -> None:
    template = compiled(
        'x\n\n é{{define "three"}}{{index "hi" $}}{{end}}{{template "three" 5}}', "top"
    )
    with pytest.raises(TemplateError) as caught:
        template.execute(None, a_run())
    error = caught.value
    assert str(error) == (
        'template: top:3:23: executing "three" at <index "hi" $>: '
        "error calling index: index out of range: 5"
    )
    assert (error.stage, error.line, error.column, error.name) == ("exec", 3, 23, "top")


def test_an_error_shows_no_data_even_if_a_function_forgets() -> None:
    with pytest.raises(TemplateError) as caught:
        compiled("{{forgets .Data.k}}").execute(Root(), a_run())
    assert str(caught.value).endswith("error calling forgets: cannot parse [redacted]")
    assert caught.value.__cause__ is None


def test_an_error_does_not_repeat_a_long_source() -> None:
    with pytest.raises(TemplateError) as caught:
        compiled('{{index "a" 5 | print "' + "x" * 100_000 + '"}}{{.x}}').execute(None, a_run())
    assert len(str(caught.value)) < 1000


def test_missing_keys_follow_the_setting_of_the_render() -> None:
    template = compiled("{{.absent}}")
    assert template.execute({}, a_run()) == "<no value>"
    with pytest.raises(TemplateError, match="map has no entry"):
        template.execute({}, a_run(), missing="error")


def test_functions_may_execute_definitions() -> None:
    assert (
        compiled('{{define "a"}}<{{.}}>{{end}}{{executes "a"}}').execute(None, a_run()) == "<dot>"
    )
    with pytest.raises(TemplateError, match=r"maximum template depth|nested too deeply"):
        compiled('{{define "a"}}{{executes "a"}}{{end}}{{executes "a"}}').execute(None, a_run())


@pytest.mark.parametrize("depth", [5, 20, 50])
def test_nesting_is_taken(depth: int) -> None:
    inner = "{{" + "(not " * depth + "1" + ")" * depth + "}}"
    template = "{{if 1}}{{with 1}}" * (depth // 4) + inner + "{{end}}{{end}}" * (depth // 4)
    assert compiled(template).execute(None, a_run()) in {"true", "false"}


@pytest.mark.parametrize(
    "text",
    [
        "{{" + "(not " * 500 + "1" + ")" * 500 + "}}",
        "{{if 1}}" * 500 + "{{end}}" * 500,
        "{{if 0}}" + "{{else if 0}}" * 3000 + "{{end}}",
        "{{with 0}}" + "{{else}}{{with 0}}" * 400 + "{{end}}" * 401,
    ],
)
def test_nesting_without_end_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError):
        compiled(text).execute(None, a_run())


def test_renders_do_not_meet() -> None:
    """One compiled template serves several threads: nothing of a render stays in it."""
    template = compiled(
        '{{define "d"}}{{range $i, $e := .}}{{$e}}{{end}}{{end}}'
        '{{$x := .v}}{{range .l}}{{with .}}{{.}}{{$x}}{{end}}{{end}}{{template "d" .l}}'
    )
    roots = [{"v": f"v{n}", "l": [f"a{n}", f"b{n}"]} for n in range(200)]
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda root: template.execute(root, a_run()), roots))
    assert texts == [f"a{n}v{n}b{n}v{n}a{n}b{n}" for n in range(200)]
