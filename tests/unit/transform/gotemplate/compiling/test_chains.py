# SPDX-License-Identifier: Apache-2.0
"""Chains of fields and methods."""

from collections.abc import Mapping
from typing import Any

import pytest

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.values import GoObject, string_map

METHODS = Table()


class Namespace(GoObject):
    go_type = "*v1.Namespace"
    methods = METHODS

    def fields(self) -> Mapping[str, Any]:
        return {"Name": "shop", "Labels": string_map({"team": "a"}), "Spec": {"n": None}}


@METHODS.function("Label", params=(STRING,), variadic=INT)
def label(owner: Namespace, name: str, *numbers: int) -> str:
    return f"{owner.fields()['Labels'].get(name)}{sum(numbers)}"


@METHODS.function("Itself")
def itself(owner: Namespace) -> Namespace:
    return owner


DATA = {"ns": Namespace(), "m": {"k": "v"}}


def error_of(template: str) -> str:
    with pytest.raises(TemplateError) as caught:
        render(template, DATA)
    return str(caught.value)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.ns.Name}}", "shop"),
        ("{{.ns.Labels.team}}", "a"),
        ("{{.ns.Labels.absent}}", "<no value>"),
        ("{{.ns.Spec.n}}", "<no value>"),
        ("{{.ns.Itself.Itself.Name}}", "shop"),
        ('{{.ns.Label "team" 1 2}}', "a3"),
        ('{{2 | .ns.Label "team"}}', "a2"),
        ('{{"team" | .ns.Itself.Label}}', "a0"),
        ('{{print (.ns.Label "team")}}', "a0"),
        ("{{with .ns}}{{.Name}}{{end}}{{$x := .ns}}{{$x.Name}}{{(.ns).Name}}", "shopshopshop"),
    ],
)
def test_objects_give_fields_and_methods(template: str, text: str) -> None:
    assert render(template, DATA) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{.ns.Name.x}}", "<.ns.Name.x>: can't evaluate field x in type string"),
        ("{{.ns.go_type}}", "<.ns.go_type>: can't evaluate field go_type in type interface {}"),
        ("{{.ns.Spec.n.x}}", "<.ns.Spec.n.x>: nil pointer evaluating interface {}.x"),
        ("{{.ns.Label}}", "<.ns.Label>: wrong number of args for Label: want at least 1 got 0"),
        ("{{.ns.Itself 1}}", "<.ns.Itself>: wrong number of args for Itself: want 0 got 1"),
        ("{{.ns.Label 1}}", "<1>: expected string; found 1"),
        ("{{.ns.Name 1}}", "<.ns.Name>: Name has arguments but cannot be invoked as function"),
        ("{{.m.k 1}}", "<.m.k>: k is not a method but has arguments"),
        ("{{1 | .m.absent}}", "<.m.absent>: absent is not a method but has arguments"),
    ],
)
def test_errors(template: str, message: str) -> None:
    assert error_of(template).endswith(f'executing "t" at {message}')
