# SPDX-License-Identifier: Apache-2.0
"""Render an intent's templates where they have to be, and once for all places that look the same.

A target that was made of the inputs of now is not rendered at all. What is rendered is tried with a
small budget first, since most templates take less than a thread does; what needs more runs beside
the event loop.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.beside import RENDERS, beside
from keyfleet.engine.material import fingerprint_under
from keyfleet.engine.revisions import Prints
from keyfleet.model.data import Material
from keyfleet.model.desired import Actual, Content
from keyfleet.model.intent import Shape
from keyfleet.model.ownership import Holding, Installation
from keyfleet.model.places import IntentKey, TargetFacts
from keyfleet.model.rendering import Rendering
from keyfleet.plan.kept import is_kept, kept_metadata, metadata_fingerprint
from keyfleet.plan.question import Made
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.parts import is_quickly_parsed
from keyfleet.transform.rendition import QUICK, Chance, Metadata, Rendition

T = TypeVar("T")


async def parsed(shape: Shape, rendering: Rendering, material: Material) -> Rendition:
    """Return an intent's templates, parsed; long ones beside the event loop.

    Raises:
        TransformError: As `Rendition`.
    """
    held = sum(value.size for texts in material.texts for value in texts.entries.values())
    if is_quickly_parsed(rendering, besides=held):
        return Rendition(shape, rendering, material)
    return await beside(RENDERS, partial(Rendition, shape, rendering, material))


@dataclass(frozen=True, slots=True)
class Rendered:
    """What templates make of one target."""

    content: Content
    fingerprint: str
    """Of its data: of what is there, where that is kept."""
    made: Made


class Renderer:
    """Renders for the targets of one reading of an intent."""

    def __init__(
        self, key: IntentKey, rendition: Rendition, installation: Installation, chance: Chance
    ) -> None:
        """Prepare.

        Args:
            key: Whose templates.
            rendition: The templates and what they are made from.
            installation: Whose keys fingerprint.
            chance: The clock and the random source of renders.
        """
        self._key = key
        self._rendition = rendition
        self._installation = installation
        self._chance = chance
        self._lock = asyncio.Lock()
        self._made: dict[object, Content | TransformError] = {}

    async def at(self, facts: TargetFacts, actual: Actual | None, holding: Holding) -> Rendered:
        """Return what a target should be.

        Args:
            facts: Where it is.
            actual: What is there.
            holding: Whose that is.
        Raises:
            TransformError: The templates fail here.
        """
        inputs = self._prints(self._rendition.inputs(facts))
        type_ = self._rendition.type
        if actual and is_kept(self._key, holding, actual, inputs=inputs, type_=type_):
            content = await self._kept(facts, actual, holding)
            print_ = actual.fingerprint
        else:
            content = await self._new(facts)
            print_ = self._prints(content.data)[0]
        names = self._rendition.names(content.labels, content.annotations)
        metadata = metadata_fingerprint(
            self._key,
            self._installation,
            {name: content.labels[name] for name in names.labels},
            {name: content.annotations[name] for name in names.annotations},
        )
        return Rendered(content, print_, Made(inputs[0], metadata))

    def unknown(self) -> Content:
        """Return what stands for a target whose templates fail: its type, and nothing in it."""
        return Content(self._rendition.type)

    async def _kept(self, facts: TargetFacts, actual: Actual, holding: Holding) -> Content:
        marker = holding.marker
        ours = (marker.labels, marker.annotations) if marker else ((), ())
        names = self._rendition.names(*ours)
        found = kept_metadata(
            self._key, self._installation, holding, actual, (names.labels, names.annotations)
        )
        if found is None:
            metadata = await self._quickly(lambda run: self._rendition.metadata(facts, run))
        else:
            metadata = Metadata(*found)
        content = Content(actual.type, actual.data or {})
        return self._rendition.described(content, metadata)

    async def _new(self, facts: TargetFacts) -> Content:
        like = tuple(self._rendition.place_like(facts).items())
        async with self._lock:
            if like not in self._made:
                self._made[like] = await self._content(facts)
        made = self._made[like]
        if isinstance(made, TransformError):
            # Every target raises the same error: its traceback would grow with each.
            raise made.with_traceback(None)
        return made

    async def _content(self, facts: TargetFacts) -> Content | TransformError:
        try:
            return await self._quickly(lambda run: self._rendition.content(facts, run))
        except TransformError as error:
            return error

    async def _quickly(self, render: Callable[[Run], T]) -> T:
        if not self._rendition.is_slow:
            run = replace(self._chance, limits=QUICK).begin()
            try:
                made = render(run)
            except TransformError:
                if not run.is_spent:
                    raise
            else:
                # A function may have made something else of it that nothing was left.
                if not run.is_spent:
                    return made
        run = self._chance.begin()
        return await beside(RENDERS, partial(render, run))

    def _prints(self, data: Mapping[str, SecretValue]) -> Prints:
        return tuple(
            fingerprint_under(self._installation, self._key, data, key_id=key_id)
            for key_id in self._installation.ring.keys
        )
