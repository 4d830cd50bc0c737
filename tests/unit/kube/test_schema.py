# SPDX-License-Identifier: Apache-2.0
"""Structural schemas from types."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from keyfleet.kube.schema import Schema, descriptions, object_schema
from keyfleet.model.v1alpha1 import FleetClusterSpec, FleetSecretSpec, FleetSecretStatus
from keyfleet.model.v1alpha1.fleetsecret import SecretReference

ALLOWED = {
    "additionalProperties",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
}


def nodes(schema: Schema, *, in_list: bool = False) -> Iterator[tuple[Schema, bool]]:
    """Yield every node and whether it stands in a list or map."""
    yield schema, in_list
    for child in schema.get("properties", {}).values():
        yield from nodes(child, in_list=in_list)
    for name in ("items", "additionalProperties"):
        if name in schema:
            yield from nodes(schema[name], in_list=True)


@pytest.fixture(params=[FleetSecretSpec, FleetClusterSpec, FleetSecretStatus])
def schema(request: pytest.FixtureRequest) -> Schema:
    return object_schema(request.param, keeps_unknown=True)


def test_holds_only_what_a_structural_schema_may(schema: Schema) -> None:
    for node, _ in nodes(schema):
        assert set(node) <= ALLOWED
        assert isinstance(node["type"], str)


def test_gives_no_defaults_in_lists(schema: Schema) -> None:
    """A defaulted list item looks like drift to every GitOps tool (pains.md 14.1)."""
    assert not [node for node, in_list in nodes(schema) if in_list and "default" in node]


def test_describes_every_field(schema: Schema) -> None:
    for node, _ in nodes(schema):
        for name, field in node.get("properties", {}).items():
            assert field.get("description"), name


def test_keeps_unknown_fields_in_every_object_when_asked(schema: Schema) -> None:
    objects = [node for node, _ in nodes(schema) if "properties" in node]
    assert all(node["x-kubernetes-preserve-unknown-fields"] for node in objects)


def test_prunes_unknown_fields_otherwise() -> None:
    found = nodes(object_schema(FleetSecretStatus, keeps_unknown=False))
    assert not [node for node, _ in found if "x-kubernetes-preserve-unknown-fields" in node]


def test_says_defaults_of_choices_and_texts_but_not_empty_ones() -> None:
    fields = object_schema(FleetSecretSpec, keeps_unknown=True)["properties"]
    assert fields["conflictPolicy"]["default"] == "Refuse"
    assert "default" not in fields["paused"]
    assert "default" not in fields["data"]


def test_turns_rules_into_validations() -> None:
    rules = object_schema(FleetClusterSpec, keeps_unknown=True)["x-kubernetes-validations"]
    message = "give exactly one of context, kubeconfigRef, inCluster: true and agent: true"
    assert [rule["message"] for rule in rules] == [message]


def test_keeps_limits_of_texts_and_numbers() -> None:
    cluster: dict[str, Any] = object_schema(FleetClusterSpec, keeps_unknown=True)["properties"]
    assert cluster["context"]["maxLength"] == 253
    in_flight = cluster["limits"]["properties"]["inFlight"]
    assert (in_flight["minimum"], in_flight["maximum"]) == (1, 1000)


def test_reads_descriptions_below_fields() -> None:
    assert descriptions(SecretReference)["name"] == "Name of the Secret."


def test_a_type_without_source_has_no_descriptions() -> None:
    made = msgspec.defstruct("Made", [("name", str)], module="keyfleet.made")
    assert descriptions(made) == {}


def test_refuses_types_that_no_crd_can_hold() -> None:
    made = msgspec.defstruct("Made", [("name", bytes)])
    with pytest.raises(TypeError, match="BytesType"):
        object_schema(made, keeps_unknown=True)
