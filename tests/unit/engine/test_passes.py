# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest
from tests.unit.engine.fakefleet import snapshot_of
from tests.unit.engine.fakes import OTHER_VALUE, VALUE, intent_of
from tests.unit.engine.passbench import AWAY, TWO_PLACES, Bench, shaped_of, states

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.engine.lane import Again
from keyfleet.engine.passes import DECISIONS_MAX, RECHECK_S
from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.plan import Finding, State, Verb


async def test_creates_what_is_missing_and_the_next_pass_writes_nothing() -> None:
    bench = Bench()
    first, second = await bench.run(), await bench.run()
    assert ([first.wrote, second.wrote], bench.data()) == ([1, 0], {"k": VALUE})
    assert [states(first), states(second)] == [[(State.IN_SYNC, "")]] * 2
    assert [first.targets[0].revision, second.targets[0].revision] == [3, 3]


async def test_remembers_what_it_wrote_ahead_of_the_watch() -> None:
    bench = Bench()
    await bench.run()
    assert {("payments", "db")} == bench.member.memory.ahead()


async def test_repairs_drift() -> None:
    bench = Bench()
    await bench.run()
    found = bench.cluster.secret()
    assert found is not None
    bench.cluster.put_secret(metadata=found["metadata"], k=OTHER_VALUE, foreign=VALUE)
    assert (await bench.run()).wrote == 1
    assert bench.data() == {"k": VALUE}


async def test_decides_again_after_a_conflict() -> None:
    bench = Bench()
    await bench.run()

    def touch() -> None:
        found = bench.cluster.secret()
        assert found is not None
        bench.cluster.put_secret(metadata=found["metadata"], **found["data"])

    bench.cluster.on_write = [touch]
    result = await bench.run(shaped_of(bench.intent, OTHER_VALUE))
    assert states(result) == [(State.IN_SYNC, "")]
    assert bench.data() == {"k": OTHER_VALUE}


async def test_gives_up_for_now_when_somebody_writes_under_every_decision() -> None:
    bench = Bench()
    await bench.run()
    writes_before = len(bench.cluster.writes())

    def touch() -> None:
        found = bench.cluster.secret()
        assert found is not None
        bench.cluster.put_secret(metadata=found["metadata"], **found["data"])

    bench.cluster.on_write = [touch] * 9
    result = await bench.run(shaped_of(bench.intent, OTHER_VALUE))
    assert states(result) == [(State.PENDING, "Contested")]
    assert result.again == Again()
    assert len(bench.cluster.writes()) - writes_before == DECISIONS_MAX


async def test_an_object_that_appears_under_the_decision_is_not_overwritten() -> None:
    bench = Bench()
    bench.cluster.on_write = [lambda: bench.cluster.put_secret(k=OTHER_VALUE)]
    result = await bench.run()
    assert states(result) == [(State.CONFLICT, "Unmarked")]
    assert bench.data() == {"k": OTHER_VALUE}


async def test_what_is_somebody_elses_is_looked_at_again_by_itself() -> None:
    bench = Bench()
    bench.cluster.put_secret(k=OTHER_VALUE)
    result = await bench.run()
    assert states(result) == [(State.CONFLICT, "Unmarked")]
    assert result.again is not None
    assert result.again.after_s is not None
    assert RECHECK_S <= result.again.after_s <= 2 * RECHECK_S


async def test_in_a_paused_cluster_nothing_is_written_and_what_is_right_is_in_sync() -> None:
    bench = Bench(intent_of(namespaces=TWO_PLACES))
    await bench.run()
    del bench.cluster.objects["secrets", "billing", "db"]
    writes = bench.cluster.writes()
    bench.entry.snapshot = snapshot_of(paused=True)
    result = await bench.run()
    assert states(result) == [(State.PAUSED, "ClusterPaused"), (State.IN_SYNC, "")]
    assert writes == bench.cluster.writes()


async def test_in_a_paused_cluster_nothing_is_deleted() -> None:
    bench = Bench()
    await bench.run()
    bench.entry.snapshot = snapshot_of(paused=True)
    result = await bench.clean_up()
    assert [(target.state, target.reason) for target in result.left_over] == [
        ("Paused", "ClusterPaused")
    ]
    assert bench.data() is not None


async def test_a_target_that_fails_does_not_harm_its_siblings() -> None:
    bench = Bench(intent_of(namespaces=TWO_PLACES))
    bench.cluster.errors["create Secret"] = [PermanentError("api.invalid", "refused")]
    result = await bench.run()
    assert states(result) == [(State.FAILED, "WriteRefused"), (State.IN_SYNC, "")]
    assert [bench.data("billing"), bench.data()] == [None, {"k": VALUE}]
    assert result.again == Again()


async def test_a_request_without_answer_is_told_to_the_circuit() -> None:
    bench = Bench()
    bench.cluster.errors["create Secret"] = [AWAY]
    result = await bench.run()
    assert states(result) == [(State.PENDING, "Retrying")]
    assert bench.circuit.codes == ["api.timeout"]


async def test_a_cluster_that_asks_to_wait_is_asked_again_when_it_said() -> None:
    bench = Bench()
    wait = ThrottledError("api.throttled", "wait", retry_after=timedelta(seconds=7))
    bench.cluster.errors["create Secret"] = [wait]
    result = await bench.run()
    assert result.again == Again(7.0)
    assert bench.circuit.codes == []


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (DeniedError("api.forbidden", "forbidden"), State.FAILED, "Forbidden"),
        (DeniedError("api.namespace_terminating", "x"), State.PENDING, "NamespaceTerminating"),
        (PermanentError("api.too_large", "too large"), State.FAILED, "WriteRefused"),
        (NotFoundError("api.namespace_not_found", "x"), State.PENDING, "NamespaceMissing"),
        (NotFoundError("api.not_served", "a portal's page"), State.PENDING, "Retrying"),
    ],
)
async def test_a_refused_write_is_told_by_its_cause(
    error: KeyfleetError, state: State, reason: str
) -> None:
    bench = Bench()
    bench.cluster.errors["create Secret"] = [error]
    assert [(state, reason)] == states(await bench.run())


async def test_a_namespace_that_is_absent_is_waited_for() -> None:
    bench = Bench(intent_of(namespaces=ChosenNamespaces(("absent",))))
    assert states(await bench.run()) == [(State.PENDING, "NamespaceMissing")]
    assert bench.cluster.writes() == []


async def test_what_the_breaker_holds_is_left_alone_and_named() -> None:
    bench = Bench()
    await bench.run()
    bench.gate.finding = Finding(State.HELD, "DeletionHeld", "too many", "approve")
    result = await bench.clean_up()
    assert [target.reason for target in result.left_over] == ["DeletionHeld"]
    assert bench.data() is not None


async def test_only_losses_are_asked_about() -> None:
    bench = Bench()
    bench.gate.finding = Finding(State.HELD, "DeletionHeld", "too many")
    await bench.run()
    assert (bench.gate.asked, bench.data() is not None) == ([], True)


async def test_a_deletion_that_failed_is_given_back() -> None:
    bench = Bench()
    await bench.run()
    bench.cluster.errors["delete Secret"] = [DeniedError("api.forbidden", "x")]
    await bench.clean_up()
    assert [step.verb for step in bench.gate.not_made] == [Verb.DELETE]
    again = Bench()
    await again.run()
    await again.clean_up()
    assert (again.gate.not_made, again.data()) == ([], None)


async def test_a_deletion_of_which_nobody_knows_the_end_is_not_given_back() -> None:
    """It may have been carried out: who did not count it would let others go in its place."""
    bench = Bench()
    await bench.run()
    bench.cluster.errors["delete Secret"] = [UnreachableError("api.timeout", "no answer")]
    await bench.clean_up()
    assert bench.gate.not_made == []
