# SPDX-License-Identifier: Apache-2.0
"""Generator `UUID`: a random UUID, version 4."""

import uuid

import msgspec

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Store
from keyfleet.sources.generators.chance import Chance
from keyfleet.sources.generators.generator import Generator, Values


class UUIDSpec(msgspec.Struct, frozen=True):
    """Spec of a UUID generator: no fields."""


def _check(config: UUIDSpec, store: Store) -> None:
    del config, store


async def _uuid(config: UUIDSpec, chance: Chance) -> Values:
    del config
    made = uuid.UUID(bytes=chance.bytes_of(16), version=4)
    return {"uuid": SecretValue(str(made).encode())}


UUID = Generator("UUID", UUIDSpec, _check, _uuid)
