# SPDX-License-Identifier: Apache-2.0
"""Structural schemas for CRDs, made from msgspec types.

A CRD takes no `$ref`, `title` or `anyOf` with null, so the schema is built in line from the types'
own description instead of being repaired after `msgspec.json.schema`. Descriptions are the
docstrings below the fields.

Source: Kubernetes 1.36, "Specifying a structural schema"; pains.md 14.1 (no defaults in lists: a
defaulted list item looks like drift to every GitOps tool).
"""

import ast
import inspect as source
import textwrap
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import inspect

from keyfleet.model.v1alpha1 import structure

Schema = dict[str, Any]


def object_schema(kind: type, *, keeps_unknown: bool) -> Schema:
    """Return the schema of a Struct.

    Args:
        kind: The Struct; its `cel_rules`, where it has some, become validations.
        keeps_unknown: Every object node keeps unknown fields instead of pruning them in silence,
            so that somebody can still see and refuse them.
    """
    return _object(structure.structure(kind), keeps_unknown=keeps_unknown, in_list=False)


def _object(kind: inspect.StructType, *, keeps_unknown: bool, in_list: bool) -> Schema:
    notes = descriptions(kind.cls)
    properties = {
        field.encode_name: _field(
            field, notes.get(field.name, ""), keeps_unknown=keeps_unknown, in_list=in_list
        )
        for field in kind.fields
    }
    schema: Schema = {"type": "object", "properties": properties}
    if kind.cls.__doc__:
        schema["description"] = _joined(kind.cls.__doc__)
    if required := [field.encode_name for field in kind.fields if field.required]:
        schema["required"] = required
    if keeps_unknown:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    if rules := getattr(kind.cls, "cel_rules", ()):
        schema["x-kubernetes-validations"] = [
            {"rule": rule.cel, "message": rule.message} for rule in rules
        ]
    return schema


def _field(field: inspect.Field, note: str, *, keeps_unknown: bool, in_list: bool) -> Schema:
    schema = _any(field.type, keeps_unknown=keeps_unknown, in_list=in_list)
    if note:
        schema["description"] = note
    value = structure.default(field)
    # Empty defaults say nothing; of structs the fields have their own.
    if not in_list and value and isinstance(value, Enum | str | int):
        schema["default"] = value.value if isinstance(value, Enum) else value
    return schema


def _any(kind: inspect.Type, *, keeps_unknown: bool, in_list: bool) -> Schema:
    extra = structure.extra_schema(kind)
    kind = structure.plain(kind)
    if isinstance(kind, inspect.StructType):
        return _object(kind, keeps_unknown=keeps_unknown, in_list=in_list) | extra
    if isinstance(kind, inspect.DictType):
        values = _any(kind.value_type, keeps_unknown=keeps_unknown, in_list=True)
        return {"type": "object", "additionalProperties": values} | extra
    item = structure.item_type(kind)
    if item is None:
        return _scalar(kind) | extra
    items = _any(item, keeps_unknown=keeps_unknown, in_list=True)
    least = getattr(kind, "min_length", None)
    return {"type": "array", "items": items} | _given(minItems=least) | extra


def _scalar(kind: inspect.Type) -> Schema:
    match kind:
        case inspect.StrType():
            return {"type": "string"} | _given(
                minLength=kind.min_length, maxLength=kind.max_length, pattern=kind.pattern
            )
        case inspect.IntType():
            return {"type": "integer", "format": "int64"} | _given(minimum=kind.ge, maximum=kind.le)
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.EnumType():
            return {"type": "string", "enum": [member.value for member in kind.cls]}
        case _:
            message = f"no structural schema for {type(kind).__name__}"
            raise TypeError(message)


def _given(**limits: object) -> Schema:
    return {name: limit for name, limit in limits.items() if limit is not None}


@cache
def descriptions(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstring below each field, by the field's Python name, bases included.

    Empty where the source is not at hand (a zip of byte code): the schema then lacks descriptions.
    """
    found: dict[str, str] = {}
    for part in reversed(kind.__mro__):
        if part.__module__.startswith("keyfleet."):
            found.update(_own_descriptions(part))
    return found


def _own_descriptions(kind: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(source.getsource(kind)))
    except (OSError, TypeError):
        return {}
    statements = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, note in pairwise(statements):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(note, ast.Expr)
            and isinstance(note.value, ast.Constant)
            and isinstance(note.value.value, str)
        ):
            found[field.target.id] = _joined(note.value.value)
    return found


def _joined(text: str) -> str:
    """Return a docstring as one line of prose, markup of code kept."""
    return " ".join(text.split())
