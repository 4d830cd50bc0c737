# SPDX-License-Identifier: Apache-2.0
"""Template sources for property tests and fuzzers: right ones, nearly right ones and wrong ones."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

BUILTINS: Final = (
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or",
    "print", "printf", "println", "slice", "urlquery",
)  # fmt: skip

_TEXTS: Final = st.sampled_from(["", "a", " \n", "key: ", "é日\n", "}}", "{ ", "- x\n  ", "\t\r\n"])
_LEFTS: Final = st.sampled_from(["{{", "{{ ", "{{- ", "{{-\n"])
_RIGHTS: Final = st.sampled_from(["}}", " }}", " -}}", "\n-}}"])
_VARIABLES: Final = "{{$x := 1}}{{$y := .}}"
_CONSTANTS: Final = st.sampled_from(
    [
        "0", "1", "-1", "+7", "1_000", "0x1F", "0b11", "017", "1.5", ".5", "1e3", "0x1p4", "3i",
        "1+2i", "9223372036854775808", "'a'", "'\\n'", '"a"', '"\\x00\\u00e9"', '"{{"', "`r\n`",
        '"%v"', '"%s %d\\n"', '"%100s"', "true", "false", "nil", '""',
    ]
)  # fmt: skip
_TERMS: Final = st.sampled_from(
    [".", ".a", ".b.c", ".list", ".absent", "$", "$.a", "$x", "$y.b", ".a.b.c.d", ".é"]
)
_PIECES: Final = st.sampled_from(
    [
        "{{", "}}", "{{-", "-}}", " -}}", "{{- ", "(", ")", "|", "||", ":=", "=", ":", ",", ".",
        "..", "$", '"', "`", "'", "\\", "/*", "*/", "{{/* c */}}", "{{/*", "{{end}}", "{{else}}",
        "{{else if .a}}", "{{else with .a}}", "{{break}}", "{{continue}}", "{{define `d`}}",
        '{{template "d" .}}', "{{block `e` .}}", "if", "nil", "end", "0x", "1e", "+", "-", "_",
        "\n", "\x00", "\udcff", "\u200b", "é", "²", "#", "$é", "{{if .}}", "{{range $i, $e := .}}",
    ]
)  # fmt: skip


def pipelines(functions: Sequence[str] = BUILTINS) -> st.SearchStrategy[str]:
    """Give what stands in an action; its variables are `$x` and `$y`."""
    return st.recursive(
        _chains(st.one_of(_CONSTANTS, _TERMS), functions),
        lambda inner: _chains(st.one_of(_TERMS, inner.map(_parenthesised)), functions),
        max_leaves=4,
    )


def well_formed(functions: Sequence[str] = BUILTINS) -> st.SearchStrategy[str]:
    """Give templates whose actions and control structures are whole."""
    inside = pipelines(functions)
    leaves = st.one_of(
        _TEXTS,
        _actions(inside),
        _actions(inside.map(lambda pipeline: f"$x := {pipeline}")),
        _actions(inside.map(lambda pipeline: f'template "d" {pipeline}')),
        st.just("{{/* c */}}"),
    )
    bodies = st.recursive(leaves, lambda inner: _bodies(inside, inner), max_leaves=6)
    definitions = bodies.map(lambda body: f'{{{{define "d"}}}}{_VARIABLES}{body}{{{{end}}}}')
    return st.tuples(st.just(_VARIABLES), definitions, bodies).map("".join)


def sources(functions: Sequence[str] = BUILTINS) -> st.SearchStrategy[str]:
    """Give templates, most of them with something missing, something more or something moved."""
    whole = well_formed(functions)
    return st.one_of(whole, whole.flatmap(_broken), st.lists(_PIECES, max_size=12).map("".join))


def _parenthesised(pipeline: str) -> str:
    return f"({pipeline})"


def _chains(operands: st.SearchStrategy[str], functions: Sequence[str]) -> st.SearchStrategy[str]:
    calls = st.tuples(st.sampled_from(functions), st.lists(operands, max_size=3)).map(
        lambda call: " ".join((call[0], *call[1]))
    )
    return st.tuples(st.one_of(operands, calls), st.lists(calls, max_size=2)).map(
        lambda chain: " | ".join((chain[0], *chain[1]))
    )


def _actions(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(_LEFTS, inside, _RIGHTS).map("".join)


def _bodies(
    inside: st.SearchStrategy[str], inner: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    heads = st.sampled_from(["if ", "with ", "with $y := "])
    loops = st.sampled_from(["range ", "range $x := ", "range $i, $x := "])
    jumps = st.sampled_from(["", "{{break}}", "{{continue}}", "{{if .a}}{{break}}{{end}}"])
    return st.one_of(
        st.tuples(_heads(heads, inside), inner, _otherwise(inner), st.just("{{end}}")),
        st.tuples(_heads(loops, inside), inner, jumps, _otherwise(inner), st.just("{{ end }}")),
        st.lists(inner, max_size=3),
    ).map("".join)


def _heads(
    starts: st.SearchStrategy[str], inside: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return _actions(st.tuples(starts, inside).map("".join))


def _otherwise(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), inner.map(lambda body: "{{else}}" + body))


def _broken(source: str) -> st.SearchStrategy[str]:
    places = st.integers(0, len(source))
    return st.tuples(places, places, st.one_of(st.just(""), _PIECES)).map(
        lambda change: source[: min(change[:2])] + change[2] + source[max(change[:2]) :]
    ) | st.tuples(places, _PIECES).map(
        lambda change: source[: change[0]] + change[1] + source[change[0] :]
    )
