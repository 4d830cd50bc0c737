# SPDX-License-Identifier: Apache-2.0
"""Other keys are noticed at once; a key Secret that cannot be used changes nothing."""

from collections.abc import AsyncIterator

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import HUB_UID

from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.base.keyring import KEY_BYTES, Keyring
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.engine.rotation import Rotation, ring_now
from keyfleet.kube.resources import SECRETS
from keyfleet.model.intent import SecretRef
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.testing.clock import FakeClock

OLD, NEW = b"o" * KEY_BYTES, b"n" * KEY_BYTES
KNOWN = Keyring({"1": OLD})
KEYS = SecretRef(SYSTEM_NAMESPACE, KEY_SECRET)


class Bench:
    """A rotation that is waited for, over a fake hub."""

    def __init__(self) -> None:
        self.hub = FakeCluster("hub", HUB_UID)
        self.clock = FakeClock()
        self.rotation = Rotation(self.hub, KNOWN, self.clock)
        self.waiting = spawn(self.rotation.changed(), name="rotation")

    def store(self, **keys: bytes) -> None:
        data = {name: SecretValue(key) for name, key in keys.items()}
        self.hub.put(SECRETS, KEY_SECRET, namespace=SYSTEM_NAMESPACE, type="Opaque", data=data)

    async def hear(self, ref: SecretRef = KEYS) -> bool:
        """Tell about a change; return whether other keys were seen."""
        self.rotation.source_changed(ref)
        await self.clock.settle()
        return self.waiting.done()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    found = Bench()
    yield found
    await stop(found.waiting)


async def test_a_further_key_is_other_keys(bench: Bench) -> None:
    bench.store(**{"1": OLD, "2": NEW})
    assert not await bench.hear(SecretRef("payments", KEY_SECRET))
    assert await bench.hear()
    assert bench.waiting.result().signing_id == "2"


async def test_a_label_on_the_secret_is_no_rotation(bench: Bench) -> None:
    bench.store(**{"1": OLD})
    assert not await bench.hear()


async def test_a_secret_that_went_keeps_the_keys_in_use(bench: Bench) -> None:
    assert not await bench.hear()


async def test_a_secret_without_a_usable_key_keeps_the_keys_in_use(bench: Bench) -> None:
    bench.store(**{"2": NEW[:-1]})
    assert not await bench.hear()


async def test_a_hub_that_does_not_answer_is_asked_again(bench: Bench) -> None:
    bench.store(**{"2": NEW})
    bench.hub.errors["get Secret"] = [UnreachableError("api.timeout", "no answer")]
    assert not await bench.hear()
    await bench.clock.advance(6)
    assert bench.waiting.done()


async def test_a_new_leader_takes_the_keys_as_they_are_stored(bench: Bench) -> None:
    assert await ring_now(bench.hub, KNOWN) is KNOWN
    bench.store(**{"2": NEW})
    assert (await ring_now(bench.hub, KNOWN)).signing_id == "2"
    bench.hub.errors["get Secret"] = [UnreachableError("api.timeout", "no answer")]
    assert await ring_now(bench.hub, KNOWN) is KNOWN
    bench.hub.errors["get Secret"] = [DeniedError("api.forbidden", "forbidden")]
    assert await ring_now(bench.hub, KNOWN) is KNOWN


async def test_all_begins_anew_with_the_keys_as_they_are(bench: Bench) -> None:
    bench.rotation.begin_anew()
    await bench.clock.settle()
    assert bench.waiting.result() is KNOWN
