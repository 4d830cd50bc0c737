# SPDX-License-Identifier: Apache-2.0
"""A CEL expression that lists the unknown fields of a native object, made from the types.

The CRDs keep unknown fields on purpose, because pruning them in silence would turn a misspelt
`exclude` into a wider delivery. CEL rules inside a CRD cannot see unknown fields, an admission
policy can.
"""

from collections.abc import Iterable, Iterator

from msgspec import inspect

from keyfleet.model.v1alpha1 import structure
from keyfleet.model.v1alpha1.common import ApiStruct

ROOT_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")


def unknown_fields(spec: type[ApiStruct]) -> str:
    """Return a CEL expression over `object`: the paths of its unknown fields, as a list.

    List items are named without their number: CEL of older API servers cannot count.
    """
    root = _own("dyn(object)", ROOT_FIELDS, "")
    return " + ".join([root, *_below(structure.structure(spec), "dyn(object).spec", "spec", 0)])


def _own(value: str, known: Iterable[str], path: str) -> str:
    names = ", ".join(f"'{name}'" for name in known)
    prefix = f"'{path}.' + " if path else ""
    return f"{value}.filter(k, !(k in [{names}])).map(k, {prefix}k)"


def _below(kind: inspect.StructType, value: str, path: str, depth: int) -> Iterator[str]:
    """Yield expressions, each a list of paths, for an object and everything in it."""
    fields = structure.fields(kind)
    yield _own(value, fields, path)
    for name, field in fields.items():
        place, below = f"{value}.{name}", f"{path}.{name}"
        item = structure.item_type(field)
        if isinstance(field, inspect.StructType):
            inner = " + ".join(_below(field, place, below, depth))
            yield f"(has({place}) ? {inner} : [])"
        elif isinstance(item, inspect.StructType):
            yield f"(has({place}) ? {_items(item, place, f'{below}[]', depth)} : [])"


def _items(kind: inspect.StructType, value: str, path: str, depth: int) -> str:
    item = f"i{depth}"
    inner = " + ".join(_below(kind, item, path, depth + 1))
    return f"{value}.map({item}, ({inner}).join(', ')).filter(s, s != '')"
