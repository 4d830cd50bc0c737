# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime

import pytest
from tests.unit.transform.gotemplate.playing import consul, problem
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.consul.flow import FLOW


def rendered(template: str) -> str:
    return render(template, None, functions="consul")


@pytest.mark.parametrize(
    ("bounds", "text"),
    [("3", "0,1,2,"), ("2 5", "2,3,4,"), ('"2" "4"', "2,3,"), ("5 2", "none"), ("-1 1", "-1,0,")],
)
def test_loops_from_a_bound_to_another(bounds: str, text: str) -> None:
    template = f"{{{{ range loop {bounds} }}}}{{{{ . }}}},{{{{ else }}}}none{{{{ end }}}}"
    assert rendered(template) == text


def test_nobody_gets_a_number_twice() -> None:
    first = "{{ $l := loop 2 }}{{ range $l }}{{ . }}{{ end }}"
    assert rendered(first + "{{ range $l }}x{{ else }}gone{{ end }}") == "01gone"


def test_a_long_loop_makes_nothing_before_it_is_taken() -> None:
    assert rendered("{{ range loop 9223372036854775807 }}{{ . }}{{ break }}{{ end }}") == "0"


@pytest.mark.parametrize("bound", ["nil", "2.5", "true", "(sprig_list)"])
def test_refuses_bounds_that_are_no_integers(bound: str) -> None:
    assert "loop: bad argument type: " in problem(consul, f"loop {bound}")


def test_counts_its_arguments_itself() -> None:
    wanted = "wrong number of arguments, expected 1 or 2, but got"
    assert problem(consul, "loop").endswith(f"loop: {wanted} 0")
    assert problem(consul, 'executeTemplate "a" 1 2').endswith(f"executeTemplate: {wanted} 3")


def test_executes_a_definition_and_goes_on_with_its_text() -> None:
    define = '{{ define "x" }}<{{ . }}>{{ end }}'
    assert rendered(define + '{{ executeTemplate "x" "a" | toUpper }}') == "<A>"
    assert rendered(define + '{{ executeTemplate "x" }}') == "<<no value>>"


def test_a_definition_that_executes_itself_comes_to_an_end() -> None:
    endless = '{{ define "x" }}{{ executeTemplate "x" }}{{ end }}'
    with pytest.raises(TemplateError, match="exceeded maximum template depth"):
        rendered(endless + '{{ executeTemplate "x" }}')


def test_outside_of_a_render_there_are_no_definitions() -> None:
    with pytest.raises(GoError):
        FLOW["executeTemplate"].call(a_run(), "x")


def test_tells_the_time_in_utc() -> None:
    clock = type("At", (), {"now": lambda _: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)})()

    def at(action: str) -> str:
        return render(f"{{{{ {action} }}}}", None, functions="consul", clock=clock)

    assert at("timestamp") == "2026-01-02T03:04:05Z"
    assert at('timestamp "2006"') == "2026"
    assert at('timestamp "unix"') == "1767323045"
    assert problem(at, 'timestamp "a" "b"').endswith("expected 0 or 1, but got 2")
