# SPDX-License-Identifier: Apache-2.0
"""One view of the native types for parser, schema and policies."""

import pytest
from msgspec import inspect

from keyfleet.model.v1alpha1 import structure
from keyfleet.model.v1alpha1.fleetsecret import FleetSecretSpec, KeyMapping, SecretReference


def test_names_fields_as_documents_do() -> None:
    assert list(structure.fields(structure.structure(KeyMapping))) == ["from", "to"]


def test_sees_through_optional_fields_and_extra_schema() -> None:
    fields = structure.fields(structure.structure(SecretReference))
    assert isinstance(fields["cluster"], inspect.StrType)


def test_knows_the_items_of_a_list_and_of_nothing_else() -> None:
    fields = structure.fields(structure.structure(FleetSecretSpec))
    item = structure.item_type(fields["data"])
    assert isinstance(item, inspect.StructType)
    assert item.cls is KeyMapping
    assert structure.item_type(fields["source"]) is None


def test_collects_extra_schema_through_optional_types() -> None:
    fields = structure.structure(FleetSecretSpec).fields
    placement = next(field for field in fields if field.name == "placement")
    assert isinstance(placement.type, inspect.StructType)
    clusters = structure.structure(placement.type.cls).fields[0]
    assert isinstance(clusters.type, inspect.StructType)
    names = structure.structure(clusters.type.cls).fields[0]
    assert structure.extra_schema(names.type) == {"x-kubernetes-list-type": "set", "maxItems": 1000}


def test_refuses_what_is_no_struct() -> None:
    with pytest.raises(TypeError, match="int is not a Struct"):
        structure.structure(int)
