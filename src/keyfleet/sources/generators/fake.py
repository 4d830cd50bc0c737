# SPDX-License-Identifier: Apache-2.0
"""Generator `Fake`: what stands in its spec, for tests."""

import msgspec

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Store
from keyfleet.sources.generators.chance import Chance
from keyfleet.sources.generators.generator import Generator, Values


class FakeSpec(msgspec.Struct, frozen=True):
    """Spec of a Fake generator."""

    data: dict[str, str] = {}


def _check(config: FakeSpec, store: Store) -> None:
    del config, store


async def _values(config: FakeSpec, chance: Chance) -> Values:
    del chance
    return {
        name: SecretValue(text.encode("utf-8", "surrogatepass"))
        for name, text in config.data.items()
    }


FAKE = Generator("Fake", FakeSpec, _check, _values)
