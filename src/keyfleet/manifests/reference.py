# SPDX-License-Identifier: Apache-2.0
"""The reference page of the native kinds, made from their schemas."""

from collections.abc import Iterator
from typing import Any

from keyfleet.kube.schema import Schema, object_schema
from keyfleet.manifests.kinds import NATIVE_KINDS, NativeKind

_HEAD = """\
# Native resources

Group `keyfleet.io`, version `v1alpha1`. Made from the types by `python -m keyfleet.manifests`:
change the types, not this page. An unknown field is refused with its path, at the API server and by
Keyfleet.
"""


def resources_page() -> str:
    """Return docs/reference/resources.md."""
    return "\n".join([_HEAD, *(_section(kind) for kind in NATIVE_KINDS)])


def _section(kind: NativeKind) -> str:
    resource = kind.resource
    scope = "Namespaced, on the hub" if resource.namespaced else "Cluster-scoped, on the hub"
    return "\n".join(
        [
            f"## {resource.kind}",
            "",
            f"{kind.description}",
            "",
            f"{scope}; `kubectl get {resource.plural}`, short `{kind.short_name}`",
            "",
            *_table("spec", object_schema(kind.spec, keeps_unknown=False)),
            "",
            *_table("status", object_schema(kind.status, keeps_unknown=False)),
            "",
        ]
    )


def _table(path: str, schema: Schema) -> Iterator[str]:
    yield "| field | type | default | says |"
    yield "|---|---|---|---|"
    for place, field, is_required in _fields(path, schema):
        default = "required" if is_required else _code(field.get("default"))
        note = field.get("description", "").replace("|", "\\|")
        yield f"| `{place}` | {_type(field)} | {default} | {note} |"


def _fields(path: str, schema: Schema) -> Iterator[tuple[str, Schema, bool]]:
    for name, field in schema.get("properties", {}).items():
        place = f"{path}.{name}"
        yield place, field, name in schema.get("required", [])
        yield from _fields(place, field)
        yield from _fields(f"{place}[]", field.get("items", {}))


def _type(field: Schema) -> str:
    if "enum" in field:
        return " or ".join(_code(value) for value in field["enum"])
    if "additionalProperties" in field:
        return "map of text"
    if "items" in field:
        return f"list of {_type(field['items'])}"
    name = str(field["type"])
    return {"string": "text", "integer": "number"}.get(name, name)


def _code(value: Any) -> str:
    return "" if value is None else f"`{value}`"
