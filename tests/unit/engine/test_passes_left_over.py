# SPDX-License-Identifier: Apache-2.0

from tests.unit.engine.fakes import VALUE, finding_of, intent_of, key_of
from tests.unit.engine.passbench import AWAY, TWO_PLACES, Bench, states

from keyfleet.engine.lane import Again
from keyfleet.engine.shaping import Shaped
from keyfleet.model.intent import Guard, OnMissing
from keyfleet.model.plan import State


async def test_without_a_source_targets_stay_and_say_why() -> None:
    bench = Bench()
    await bench.run()
    missing = Shaped(finding=finding_of("SourceMissing", State.PENDING))
    result = await bench.run(missing)
    assert states(result) == [(State.PENDING, "SourceMissing")]
    assert result.targets[0].revision == 3
    assert bench.data() == {"k": VALUE}


async def test_targets_go_with_the_source_where_that_was_asked_for() -> None:
    bench = Bench(intent_of(guard=Guard(on_source_missing=OnMissing.DELETE)))
    await bench.run()
    finding = finding_of("SourceMissing", State.PENDING)
    result = await bench.run(Shaped(finding=finding, is_source_gone=True))
    assert (result.wrote, result.left_over, bench.data()) == (1, (), None)


async def test_what_is_not_wanted_any_more_is_deleted_and_siblings_stay() -> None:
    bench = Bench(intent_of(namespaces=TWO_PLACES))
    await bench.run()
    bench.intent = intent_of()
    bench.intents.put(bench.intent)
    result = await bench.run()
    assert (result.wrote, result.left_over) == (1, ())
    assert [bench.data("billing"), bench.data()] == [None, {"k": VALUE}]


async def test_a_renamed_target_is_delivered_under_the_new_name_and_the_old_one_goes() -> None:
    bench = Bench()
    await bench.run()
    bench.intent = intent_of(target="renamed")
    bench.intents.put(bench.intent)
    assert (await bench.run()).wrote == 2
    assert bench.data() is None
    assert bench.cluster.secret("renamed") is not None


async def test_cleaning_up_after_an_intent_deletes_its_targets() -> None:
    bench = Bench(intent_of(namespaces=TWO_PLACES))
    await bench.run()
    found = bench.cluster.secret()
    assert found is not None
    result = await bench.clean_up()
    assert (result.wrote, result.left_over) == (2, ())
    assert bench.member.memory.is_own_deletion(("payments", "db"), found["metadata"]["uid"])


async def test_what_is_held_stays_and_says_why() -> None:
    bench = Bench()
    await bench.run()
    bench.hold = finding_of("HubIncomplete", State.HELD)
    result = await bench.clean_up()
    assert [(target.state, target.reason) for target in result.left_over] == [
        (State.HELD, "HubIncomplete")
    ]
    assert bench.data() is not None


async def test_a_place_that_another_wants_is_left_to_it_and_it_is_told() -> None:
    bench = Bench()
    await bench.run()
    bench.intents.put(intent_of(key_of("heir")))
    result = await bench.clean_up()
    assert (frozenset({key_of("heir")}), 0) == (result.heirs, result.wrote)
    assert bench.data() is not None


async def test_an_error_of_one_namespace_list_leaves_everything_as_it_is() -> None:
    bench = Bench()
    await bench.run()
    bench.cluster.errors["list Namespace"] = [AWAY]
    result = await bench.run()
    assert states(result) == [(State.PENDING, "Retrying")]
    assert result.again == Again()
    assert bench.data() == {"k": VALUE}
