# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.unit.engine.fakes import jitter

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import DeniedError, KeyfleetError, UnreachableError
from keyfleet.engine.circuit import PROBE_TIMEOUT_S, Circuit
from keyfleet.testing.clock import FakeClock

BROKE = UnreachableError("api.reset", "the connection broke")
STILL = UnreachableError("api.timeout", "no answer in time")
WAIT_S = 2.0


class Bench:
    """A circuit, the answers its probes get, and what it said."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.answers: list[KeyfleetError | None] = []
        self.probes = 0
        self.said: list[str] = []
        self.is_silent = False
        self.circuit = Circuit(
            self.probe,
            on_doubt=lambda: self.said.append("doubt"),
            on_open=lambda error: self.said.append(f"open {error.code}"),
            on_close=lambda was_away: self.said.append(f"close {was_away}"),
            clock=self.clock,
            random=jitter(),
            backoff=Backoff(base_s=WAIT_S / 2, cap_s=WAIT_S / 2),
        )

    async def probe(self) -> object:
        self.probes += 1
        if self.is_silent:
            await asyncio.Event().wait()
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return "v1.36.0"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.circuit.close()


async def test_the_first_failure_stops_new_work_at_once(bench: Bench) -> None:
    bench.circuit.failed(BROKE)
    assert bench.said == ["doubt"]
    assert not bench.circuit.is_open


async def test_a_cluster_that_answers_the_first_probe_was_not_away(bench: Bench) -> None:
    bench.circuit.failed(BROKE)
    await bench.clock.settle()
    assert bench.said == ["doubt", "close False"]
    assert bench.circuit.error is None


async def test_one_failed_probe_does_not_call_the_cluster_unreachable(bench: Bench) -> None:
    bench.answers = [STILL]
    bench.circuit.failed(BROKE)
    await bench.clock.advance(WAIT_S)
    assert bench.said == ["doubt", "close True"]


async def test_opens_once_when_probes_keep_failing_and_tells_the_last_error(bench: Bench) -> None:
    bench.answers = [STILL] * 4
    bench.circuit.failed(BROKE)
    await bench.clock.advance(WAIT_S)
    assert bench.said == ["doubt", "open api.timeout"]
    assert bench.circuit.is_open
    await bench.clock.advance(WAIT_S)
    assert bench.said == ["doubt", "open api.timeout"]


async def test_closes_with_the_first_answer(bench: Bench) -> None:
    bench.answers = [STILL] * 3
    bench.circuit.failed(BROKE)
    await bench.clock.advance(3 * WAIT_S)
    assert bench.said[-1] == "close True"
    assert not bench.circuit.is_open


async def test_a_refusal_is_an_answer(bench: Bench) -> None:
    bench.answers = [DeniedError("api.forbidden", "forbidden")]
    bench.circuit.failed(BROKE)
    await bench.clock.settle()
    assert bench.said == ["doubt", "close False"]


async def test_further_failures_while_probing_start_no_second_prober(bench: Bench) -> None:
    bench.answers = [STILL] * 2
    for _ in range(3):
        bench.circuit.failed(BROKE)
    await bench.clock.settle()
    assert bench.probes == 1
    assert bench.said == ["doubt"]


async def test_a_failure_after_it_closed_is_doubted_again(bench: Bench) -> None:
    for _ in range(2):
        bench.circuit.failed(BROKE)
        await bench.clock.settle()
    assert bench.said == ["doubt", "close False"] * 2


async def test_a_failure_that_is_seen_while_it_closes_is_probed_anew(bench: Bench) -> None:
    circuit = bench.circuit
    bench.answers = [None, STILL]
    fail_again = [True]

    def closed(was_away: bool) -> None:
        bench.said.append(f"close {was_away}")
        if fail_again:
            fail_again.pop()
            asyncio.get_running_loop().call_soon(circuit.failed, BROKE)

    circuit._on_close = closed
    circuit.failed(BROKE)
    await bench.clock.advance(WAIT_S)
    assert bench.said == ["doubt", "close False", "doubt", "close True"]


async def test_a_probe_that_hangs_counts_as_failed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfleet.engine.circuit.PROBE_TIMEOUT_S", 0.001)
    assert PROBE_TIMEOUT_S <= 5
    bench.is_silent = True
    bench.circuit.failed(BROKE)
    for _ in range(2):
        await asyncio.sleep(0.01)
        await bench.clock.advance(WAIT_S)
    assert bench.said == ["doubt", "open api.reset"]


async def test_nothing_is_probed_after_it_was_closed_for_good(bench: Bench) -> None:
    bench.answers = [STILL] * 9
    bench.circuit.failed(BROKE)
    await bench.clock.settle()
    await bench.circuit.close()
    await bench.clock.advance(10 * WAIT_S)
    assert bench.probes == 1
