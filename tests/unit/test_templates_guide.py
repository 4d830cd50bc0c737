# SPDX-License-Identifier: Apache-2.0
"""The templates of docs/guides/templates.md give what the page says."""

import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from keyfleet.base.secret import SecretValue
from keyfleet.model.data import Material, SecretData
from keyfleet.model.intent import Shape
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts, TargetFacts
from keyfleet.model.rendering import Functions, Rendering
from keyfleet.transform.gotemplate.run import DEFAULT_LIMITS
from keyfleet.transform.parts import PIECES_MAX, TEMPLATES_MAX
from keyfleet.transform.rendition import Chance, Rendition

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "templates.md").read_text()
ROWS = re.findall(r"^\| `(\{\{.*\}\})` \| `(.*)` \|$", PAGE, re.MULTILINE)
PROSE = " ".join(PAGE.split())
DATA = SecretData({"username": SecretValue(b"shop"), "password": SecretValue(b"p@ss")})
CLUSTER = ClusterFacts(ClusterName("east"), labels={"env": "production"})
FACTS = TargetFacts(CLUSTER, NamespaceFacts("shop"))
CHANCE = Chance(lambda: datetime(2026, 1, 1, tzinfo=UTC), Random(0))


@pytest.mark.parametrize(("template", "expected"), ROWS)
def test_gives_what_the_guide_says(template: str, expected: str) -> None:
    rendering = Rendering(data={"k": template.replace("\\|", "|")})  # escaped for the table
    rendition = Rendition(Shape(), rendering, Material({"": DATA}))
    assert rendition.content(FACTS, CHANCE.begin()).data["k"].reveal().decode() == expected


def test_the_guide_has_examples() -> None:
    assert len(ROWS) >= 10


@pytest.mark.parametrize("name", Functions)
def test_every_set_of_functions_is_in_the_guide_and_there(name: Functions) -> None:
    assert f"| `{name.value}`" in PAGE
    rendering = Rendering(data={"k": "{{ len .username }}"}, functions=name)
    rendition = Rendition(Shape(), rendering, Material({"": DATA}))
    assert rendition.content(FACTS, CHANCE.begin()).data["k"].reveal() == b"4"


def test_the_limits_are_those_of_the_source() -> None:
    assert f"{DEFAULT_LIMITS.steps:,} steps" in PROSE
    assert f"{DEFAULT_LIMITS.memory_bytes >> 20} MiB of values" in PROSE
    assert f"{DEFAULT_LIMITS.output_bytes >> 20} MiB of text" in PROSE
    assert (DEFAULT_LIMITS.generated_keys, DEFAULT_LIMITS.slow_hashes) == (4, 8)
    assert f"{TEMPLATES_MAX} templates, of {PIECES_MAX:,} pieces" in PROSE
