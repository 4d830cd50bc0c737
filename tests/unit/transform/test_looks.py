# SPDX-License-Identifier: Apache-2.0
"""What is told of a template without rendering it: never less than it looks at."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.parsing.parser import parse
from keyfleet.transform.looks import Looks, all_of, functions_of, looks_at


def looks(text: str) -> Looks | None:
    return looks_at(parse(text, name="t", functions=function_set("core")))


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("plain", []),
        ("{{ .a.b }} {{ .Cluster.name }}", ["a.b", "Cluster.name"]),
        ("{{ if .a }}{{ .b }}{{ else }}{{ .c }}{{ end }}", ["a", "b", "c"]),
        ("{{ with .a }}{{ .inner }}{{ . }}{{ else }}{{ .c }}{{ end }}", ["a", "c"]),
        ("{{ range .a }}{{ . }}{{ .inner }}{{ $.b.c }}{{ end }}", ["a", "b.c"]),
        ("{{ $x := .db }}{{ $x.inner }}", ["db"]),
        ('{{ index .Cluster.labels "env" | printf "%s" }}', ["Cluster.labels.env"]),
        ('{{ index .m "a" .k }}', ["k", "m.a"]),
        ("{{ index .m .k }}", ["k", "m"]),
        ('{{ (index .m "a").z }}', ["m.a"]),
        ('{{ define "d" }}{{ .q }}{{ end }}{{ template "d" . }}', ["q"]),
        (
            '{{ define "d" }}{{ .q }}{{ end }}{{ range .a }}{{ template "d" . }}{{ end }}',
            ["a", "q"],
        ),
        ('{{ define "d" }}{{ .name }}{{ end }}{{ template "d" .Cluster }}', ["Cluster", "name"]),
        ('{{ block "d" . }}{{ .q }}{{ end }}', ["q"]),
    ],
)
def test_tells_the_paths_from_the_data(text: str, paths: list[str]) -> None:
    found = looks(text)
    assert found is not None
    assert sorted(".".join(path) for path in found) == sorted(paths)


def test_a_key_with_a_dot_is_one_key() -> None:
    assert looks('{{ index . "tls.crt" }}') == frozenset({("tls.crt",)})


@pytest.mark.parametrize(
    "text",
    [
        "{{ . }}",
        "{{ len . }}",
        "{{ $x := . }}",
        "{{ $x := $ }}",
        "{{ range $k, $v := . }}{{ end }}",
        "{{ with . }}{{ .a }}{{ end }}",
        "{{ index . .k }}",
        "{{ (.).a }}",
        "{{ range .a }}{{ $ }}{{ end }}",
        '{{ define "d" }}{{ . }}{{ end }}{{ template "d" .a }}',
    ],
)
def test_whoever_takes_everything_may_look_at_everything(text: str) -> None:
    assert looks(text) is None


def test_together_they_look_at_what_each_does() -> None:
    both = all_of([frozenset({("a",)}), frozenset({("b",)})])
    assert both == frozenset({("a",), ("b",)})
    assert all_of([frozenset({("a",)}), None]) is None
    assert all_of([]) == frozenset()


def test_tells_the_functions_that_are_called_anywhere() -> None:
    text = (
        '{{ define "d" }}{{ print 1 }}{{ end }}'
        "{{ range .a }}{{ if (len .) }}{{ html . | js }}{{ end }}{{ end }}"
    )
    tree = parse(text, name="t", functions=function_set("core"))
    assert functions_of(tree) == {"print", "len", "html", "js"}


atoms = st.sampled_from(
    [
        ".a", ".m", ".m.x", ".m.y", "$.a", "$.m.x", "$", ".", "(.m)", "(.m).x", "(index . \"a\")",
        '(index .m "x")', "(index $.m \"y\")", '"s"',
    ]
)  # fmt: skip
bodies = st.recursive(
    atoms.map(lambda atom: f"{{{{ print {atom} }}}}"),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(st.sampled_from(["if", "with", "range"]), atoms, inner, inner).map(
            lambda it: f"{{{{ {it[0]} {it[1]} }}}}{it[2]}{{{{ else }}}}{it[3]}{{{{ end }}}}"
        ),
    ),
    max_leaves=6,
)


def rendered(text: str, data: dict[str, Any]) -> str:
    try:
        return render(text, data)
    except TemplateError as error:
        return f"{error.line}:{error.column}"


@given(bodies, st.sampled_from([("a",), ("m", "x"), ("m", "y")]))
def test_what_is_not_looked_at_changes_nothing(text: str, path: tuple[str, ...]) -> None:
    """The promise that inputs are compared by: a path that is not told has no influence."""
    found = looks(text)
    if found is None or any(
        seen == path[: len(seen)] or path == seen[: len(path)] for seen in found
    ):
        return
    before: dict[str, Any] = {"a": "one", "m": {"x": "one", "y": "one"}}
    after: dict[str, Any] = {"a": "one", "m": {"x": "one", "y": "one"}}
    holder = after if len(path) == 1 else after["m"]
    holder[path[-1]] = "two"
    assert rendered(text, before) == rendered(text, after)
