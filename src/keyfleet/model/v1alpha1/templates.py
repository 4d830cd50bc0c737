# SPDX-License-Identifier: Apache-2.0
"""Templates that stand in objects of their own: which of their keys are templates, and for what."""

from typing import Annotated

from msgspec import Meta

from keyfleet.model.rendering import TemplateAs
from keyfleet.model.v1alpha1.common import ApiStruct, ObjectName, Rule, SecretKey

TEMPLATES_MAX = 8
"""Objects with templates; see `SOURCES_MAX`."""
ITEMS_MAX = 64


class TemplateKey(ApiStruct, frozen=True, kw_only=True):
    """One key of an object, which holds a template."""

    key: SecretKey
    """Its name; the targets get a key of the same name."""
    template_as: TemplateAs = TemplateAs.VALUES
    """`Values` (the default): it makes the value of that key. `KeysAndValues`: it makes YAML with
    any number of keys and their values."""


class TemplateObject(ApiStruct, frozen=True, kw_only=True):
    """An object of the FleetSecret's own namespace that holds templates."""

    name: ObjectName
    """Name of the object."""
    items: Annotated[
        tuple[TemplateKey, ...],
        Meta(min_length=1, max_length=ITEMS_MAX, extra_json_schema={"maxItems": ITEMS_MAX}),
    ]
    """Which of its keys are templates."""


class TemplateFrom(ApiStruct, frozen=True, kw_only=True):
    """Where templates come from: one of both."""

    cel_rules = (
        Rule(
            "has(self.secretRef) != has(self.configMapRef)",
            "give exactly one of secretRef and configMapRef",
        ),
    )

    secret_ref: TemplateObject | None = None
    """A Secret; its templates are never shown."""
    config_map_ref: TemplateObject | None = None
    """A ConfigMap."""
