# SPDX-License-Identifier: Apache-2.0
"""Who owns a target, and what a source that goes and comes again does, also while all is broken."""

import asyncio
from collections.abc import Callable

import pytest
from tests.cluster.engine.campaign import ONE, THREE, TWO, in_step
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.engine import worker
from keyfleet.localplane import faults, scripts
from keyfleet.localplane.scripts import Script, Step

SECRETS_ONLY = faults.on("secrets")
POSTS = faults.on("secrets", "POST")


@pytest.mark.parametrize("fault", [faults.answer_lost, faults.error, faults.reset])
async def test_the_older_of_two_intents_wins_and_the_other_says_so(
    fleet: Fleet, fault: Callable[..., faults.Fault]
) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.write_secret(fleet.hub, "src2", TWO)
    await fleet.ask(fleet.east, fleet.west, name="older", placement=_shared(fleet))
    # Creation times have whole seconds.
    await asyncio.sleep(1.1)
    await fleet.ask(
        fleet.east, fleet.west, name="a-younger", source="src2", placement=_shared(fleet)
    )
    for side in (fleet.east, fleet.west):
        side.proxy.inject(fault(when=POSTS, times=2))
    await fleet.run()
    await fleet.delivered(ONE, fleet.east, fleet.west, name="shared")
    for side in (fleet.east, fleet.west):
        await fleet.stands("Conflict", "ClaimedByOlderIntent", side, name="a-younger")
        await fleet.in_sync(side, name="older")
    clusters = (await fleet.status("a-younger"))["clusters"]
    assert all("older" in one["message"] for one in clusters)


def _shared(fleet: Fleet) -> dict[str, object]:
    return {"name": "shared", "clusters": {"names": [fleet.east.name, fleet.west.name]}}


async def test_a_foreign_target_stays_whole_through_faults(fleet: Fleet) -> None:
    await fleet.write_secret(fleet.east, "db", THREE)
    before = await fleet.meta(fleet.east)
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    steps = [
        Step(faults.answer_lost(when=SECRETS_ONLY, times=1), after=1, of=SECRETS_ONLY),
        Step(faults.reset(when=SECRETS_ONLY, times=2)),
        Step(faults.error(when=SECRETS_ONLY, times=2)),
    ]
    async with fleet.east.proxy.playing(Script(steps)):
        await fleet.run()
        await fleet.delivered(ONE, fleet.west)
        await fleet.stands("Conflict", "Unmarked", fleet.east)
    await fleet.withdraw()
    await fleet.gone(fleet.west)
    await fleet.quiet()
    assert await fleet.meta(fleet.east) == before
    assert await fleet.data(fleet.east) == THREE


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_source_that_goes_and_comes_again_through_faults_keeps_its_targets(
    fleet: Fleet, seed: int
) -> None:
    await in_step(fleet)
    uids = [(await fleet.meta(side)).uid for side in (fleet.east, fleet.west)]
    async with fleet.hub.proxy.playing(scripts.from_seed(seed)) as playing:
        await fleet.delete_secret(fleet.hub, "src")
        await asyncio.sleep(0.5)
        assert await fleet.data(fleet.east) == ONE
        await fleet.write_secret(fleet.hub, "src", TWO)
        await playing
    await fleet.delivered(TWO, fleet.east, fleet.west, timeout_s=60)
    assert uids == [(await fleet.meta(side)).uid for side in (fleet.east, fleet.west)]


@pytest.mark.parametrize("code", [500, 503, 401, 403, 410, 429])
async def test_an_error_of_the_source_is_no_absence_of_it(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(worker, "POLL_S", 1.0)
    await in_step(fleet)
    await fleet.edit({"source": {"onMissing": "Delete"}})
    on_source = faults.both(SECRETS_ONLY, lambda seen: seen.name == "src")
    fault = fleet.hub.proxy.inject(faults.error(code, "Injected", when=on_source))
    await fleet.set_data(fleet.hub, "src", TWO)

    async def asked() -> bool:
        return fault.struck > 0

    await eventually(asked)
    await asyncio.sleep(1.0)
    assert await fleet.data(fleet.east) == await fleet.data(fleet.west) == ONE
    await fleet.hub.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.east, fleet.west, timeout_s=60)
