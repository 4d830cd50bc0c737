# SPDX-License-Identifier: Apache-2.0
"""Where and how often templates are rendered."""

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from tests.unit.engine.fakes import EAST, INSTALLATION, VALUE, WEST, key_of

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.renderer import Rendered, Renderer, parsed
from keyfleet.model.data import Material, SecretData, Texts
from keyfleet.model.intent import SecretRef, Shape
from keyfleet.model.ownership import Holding
from keyfleet.model.places import NamespaceFacts, TargetFacts
from keyfleet.model.rendering import Rendering
from keyfleet.transform.parts import QUICKLY_PARSED_BYTES
from keyfleet.transform.rendition import Chance, Rendition

IN_EAST = TargetFacts(EAST, NamespaceFacts("payments"))
IN_WEST = TargetFacts(WEST, NamespaceFacts("payments"))


class Counted(Random):
    """Chance that notes in which thread it is asked."""

    def __init__(self) -> None:
        super().__init__(1)
        self.threads: list[str] = []

    def randbytes(self, n: int) -> bytes:
        self.threads.append(threading.current_thread().name)
        return super().randbytes(n)

    def randrange(self, *bounds: Any) -> int:
        self.threads.append(threading.current_thread().name)
        return super().randrange(*bounds)


def renderer(text: str, random: Random | None = None) -> Renderer:
    rendering = Rendering(data={"k": text})
    material = Material({"": SecretData({"k": VALUE})})
    rendition = Rendition(Shape(), rendering, material)
    chance = Chance(lambda: datetime(2026, 1, 1, tzinfo=UTC), random or Random(1))
    return Renderer(key_of(), rendition, INSTALLATION, chance)


async def at(found: Renderer, facts: TargetFacts) -> Rendered:
    return await found.at(facts, None, Holding())


async def test_places_that_look_the_same_get_one_render() -> None:
    found = renderer('{{ randAlpha 20 }} {{ get .Cluster.labels "tier" }}')
    east, west = await at(found, IN_EAST), await at(found, IN_WEST)
    assert east == west
    labels = {**EAST.labels, "tier": "gold"}
    other = replace(IN_EAST, cluster=replace(EAST, labels=labels))
    assert (await at(found, other)).content != east.content
    assert (await at(found, other)).made.inputs != east.made.inputs


async def test_who_waits_for_the_same_render_gets_the_same() -> None:
    found = renderer("{{ randAlpha 20 }}")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(at(found, IN_EAST)) for _ in range(5)]
    assert len({task.result().fingerprint for task in tasks}) == 1


async def test_a_small_template_takes_no_thread() -> None:
    random = Counted()
    await at(renderer("{{ randAlpha 20 }}", random), IN_EAST)
    assert set(random.threads) == {threading.main_thread().name}


async def test_a_small_template_that_fails_is_tried_once() -> None:
    random = Counted()
    with pytest.raises(TransformError):
        await at(renderer("{{ $x := randAlpha 1 }}{{ .nope }}", random), IN_EAST)
    assert random.threads == [threading.main_thread().name]


@pytest.mark.parametrize(
    "text",
    [
        "{{ $x := randAlpha 5 }}{{ range until 9000 }}{{ $x }}{{ end }}",
        '{{ $x := randAlpha 5 }}{{ genPrivateKey "ed25519" }}',
    ],
)
async def test_what_takes_long_runs_beside_the_loop(text: str) -> None:
    random = Counted()
    await at(renderer(text, random), IN_EAST)
    assert random.threads[-1].startswith("render")


async def test_long_texts_are_parsed_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def noted(*parts: Any) -> Rendition:
        threads.append(threading.current_thread().name)
        return Rendition(*parts)

    monkeypatch.setattr("keyfleet.engine.renderer.Rendition", noted)
    for text in ("short", "x" * (QUICKLY_PARSED_BYTES + 1)):
        await parsed(Shape(), Rendering(data={"k": text}), Material({"": SecretData({})}))
    texts = (Texts(SecretRef("shop", "t"), {"k": SecretValue(b"x" * QUICKLY_PARSED_BYTES + b"x")}),)
    await parsed(Shape(), Rendering(), Material({"": SecretData({})}, texts))
    assert [name.startswith("render") for name in threads] == [False, True, True]


async def test_every_place_is_told_the_same_error() -> None:
    found = renderer("{{ .nope }}")
    told = []
    for facts in (IN_EAST, IN_WEST):
        with pytest.raises(TransformError) as caught:
            await at(found, facts)
        told.append(str(caught.value))
    assert told[0] == told[1]
