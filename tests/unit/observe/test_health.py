# SPDX-License-Identifier: Apache-2.0
from keyfleet.observe.health import Health, Heartbeat
from keyfleet.testing.clock import FakeClock


async def test_an_engine_that_beats_is_healthy() -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock, max_age_s=30)
    health = Health(heartbeat, list)
    await clock.advance(30)
    assert health.unhealthy() == []
    heartbeat.beat()
    await clock.advance(30)
    assert health.unhealthy() == []


async def test_a_stuck_engine_is_neither_healthy_nor_ready() -> None:
    clock = FakeClock()
    health = Health(Heartbeat(clock, max_age_s=30), list)
    await clock.advance(31)
    assert health.unhealthy() == ["the engine was not heard for 31 s (limit 30 s)"]
    assert health.unready() == health.unhealthy()


def test_what_keeps_it_from_being_ready_does_not_restart_it() -> None:
    health = Health(Heartbeat(FakeClock()), lambda: ["the hub was not listed yet"])
    assert health.unready() == ["the hub was not listed yet"]
    assert health.unhealthy() == []
