# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.rendering import TemplateAs
from keyfleet.model.v1alpha1.parsing import parse_part
from keyfleet.model.v1alpha1.templates import TemplateFrom


def test_a_key_of_an_object_makes_the_value_of_that_key_by_default() -> None:
    document = {"configMapRef": {"name": "t", "items": [{"key": "a"}]}}
    found = parse_part(TemplateFrom, document, path="x")
    assert found.secret_ref is None
    assert found.config_map_ref is not None
    assert found.config_map_ref.items[0].template_as is TemplateAs.VALUES


@pytest.mark.parametrize("items", [[], [{"key": "k"}] * 65, [{}]])
def test_the_keys_are_named_and_few(items: list[object]) -> None:
    """All keys of an object might be anything, and everything is read for every render."""
    with pytest.raises(InvalidIntentError):
        parse_part(TemplateFrom, {"secretRef": {"name": "t", "items": items}}, path="x")
