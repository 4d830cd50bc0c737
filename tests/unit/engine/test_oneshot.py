# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from tests.unit.engine.fakes import HUB_UID, OTHER_VALUE, VALUE, intent_of, key_of
from tests.unit.engine.livebench import LiveBench, told

from keyfleet.base.errors import DeniedError, KeyfleetError, PermanentError, UnreachableError
from keyfleet.base.keyring import ephemeral_keyring
from keyfleet.kube.resources import NAMESPACES
from keyfleet.model.intent import (
    ConflictPolicy,
    DeletionPolicy,
    Guard,
    Intent,
    OnMissing,
    SecretRef,
)
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import Claim, Installation, read_marker
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State, Verb
from keyfleet.model.policy import Policies

AWAY = UnreachableError("api.timeout", "no answer")
BOTH = ChosenClusters(("east", "west"))
IN_EAST = SecretRef("payments", "src", ClusterName("east"))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    return LiveBench(monkeypatch)


async def test_planning_writes_nothing_and_contacts_only_who_is_meant(bench: LiveBench) -> None:
    planned = await bench.one_shot(intent_of()).plan()
    assert told(planned) == [("east", "create", "")]
    assert [change.name for change in planned[0].step.changes if change.kind == "key"] == ["k"]
    assert bench.opened == ["east"]
    assert bench.east.writes() == []


async def test_what_was_planned_is_applied_and_then_nothing_is_left(bench: LiveBench) -> None:
    one_shot = bench.one_shot(intent_of(clusters=BOTH))
    deliveries = await one_shot.apply(await one_shot.plan())
    assert [(delivery.wrote, delivery.finding) for delivery in deliveries] == [(True, None)] * 2
    again = await bench.one_shot(intent_of(clusters=BOTH)).plan()
    assert told(again) == [("east", "none", ""), ("west", "none", "")]
    found = bench.east.secret()
    assert found is not None
    assert found["data"] == {"k": VALUE}


async def test_only_the_chosen_clusters_are_looked_at(bench: LiveBench) -> None:
    only = frozenset({ClusterName("west")})
    planned = await bench.one_shot(intent_of(clusters=BOTH), clusters=only).plan()
    assert told(planned) == [("west", "create", "")]
    assert bench.opened == ["west"]


async def test_an_unknown_name_is_told(bench: LiveBench) -> None:
    planned = await bench.one_shot(intent_of(clusters=ChosenClusters(("eats",)))).plan()
    assert told(planned) == [("eats", "none", "ClusterMissing")]


async def test_an_unreachable_cluster_harms_no_other(bench: LiveBench) -> None:
    bench.east.errors["version"] = [AWAY]
    one_shot = bench.one_shot(intent_of(clusters=BOTH))
    planned = await one_shot.plan()
    assert told(planned) == [("east", "none", "Unreachable"), ("west", "create", "")]
    assert [one.wrote for one in await one_shot.apply(planned)] == [False, True]


async def test_an_error_while_looking_is_told_for_that_cluster(bench: LiveBench) -> None:
    bench.east.errors["get Secret"] = [None, DeniedError("api.forbidden", "forbidden")]
    planned = await bench.one_shot(intent_of(clusters=BOTH)).plan()
    assert told(planned) == [("east", "none", "Forbidden"), ("west", "create", "")]


async def test_a_missing_source_is_told_at_every_target(bench: LiveBench) -> None:
    bench.hub.objects.pop(("secrets", "payments", "src"))
    planned = await bench.one_shot(intent_of(clusters=BOTH)).plan()
    assert told(planned) == [("east", "none", "SourceMissing"), ("west", "none", "SourceMissing")]


async def test_a_source_that_does_not_answer_is_not_a_missing_one(bench: LiveBench) -> None:
    guard = Guard(on_source_missing=OnMissing.DELETE)
    await bench.apply(intent_of(guard=guard))
    bench.hub.errors["get Secret"] = [AWAY]
    planned = await bench.one_shot(intent_of(guard=guard)).plan()
    assert told(planned) == [("east", "none", "SourceUnreachable")]


async def test_a_source_that_is_gone_deletes_only_where_that_was_asked_for(
    bench: LiveBench,
) -> None:
    guard = Guard(on_source_missing=OnMissing.DELETE)
    await bench.apply(intent_of(guard=guard))
    bench.hub.objects.pop(("secrets", "payments", "src"))
    kept = await bench.one_shot(intent_of(guard=guard)).plan()
    assert told(kept) == [("east", "none", "SourceMissing")]
    pruned = await bench.one_shot(intent_of(guard=guard), prune=True).plan()
    assert told(pruned) == [("east", "delete", "")]


async def test_a_source_in_a_member_is_read_there(bench: LiveBench) -> None:
    bench.east.put_secret("src", k=OTHER_VALUE)
    await bench.apply(intent_of(ref=IN_EAST, clusters=ChosenClusters(("west",))))
    found = bench.west.secret()
    assert found is not None
    assert found["data"] == {"k": OTHER_VALUE}


async def test_a_source_in_a_member_that_is_away_is_told_as_that(bench: LiveBench) -> None:
    bench.east.errors["version"] = [AWAY]
    intent = intent_of(ref=IN_EAST, clusters=ChosenClusters(("west",)))
    assert told(await bench.one_shot(intent).plan()) == [("west", "none", "SourceUnreachable")]


async def test_nothing_is_read_that_no_policy_grants(bench: LiveBench) -> None:
    intent = intent_of(ref=SecretRef("other", "src"))
    planned = await bench.one_shot(intent, policies=Policies()).plan()
    assert told(planned) == [("east", "none", "SourceMissing")]


async def test_a_paused_cluster_is_told_and_not_written(bench: LiveBench) -> None:
    bench.snapshots[0] = replace(bench.snapshots[0], paused=True)
    one_shot = bench.one_shot(intent_of())
    planned = await one_shot.plan()
    assert told(planned) == [("east", "none", "ClusterPaused")]
    await one_shot.apply(planned)
    assert bench.east.writes() == []


async def test_what_is_not_wanted_any_more_is_planned_only_when_pruning(bench: LiveBench) -> None:
    await bench.apply(intent_of())
    moved = intent_of(clusters=ChosenClusters(("west",)))
    assert told(await bench.one_shot(moved).plan()) == [("west", "create", "")]
    planned = await bench.one_shot(moved, prune=True).plan()
    assert told(planned) == [("east", "delete", ""), ("west", "create", "")]


async def test_in_a_paused_cluster_nothing_is_pruned(bench: LiveBench) -> None:
    await bench.apply(intent_of())
    bench.snapshots[0] = replace(bench.snapshots[0], paused=True)
    moved = intent_of(clusters=ChosenClusters(("west",)))
    one_shot = bench.one_shot(moved, prune=True)
    await one_shot.apply(await one_shot.plan())
    assert bench.east.secret() is not None


async def test_pruning_lets_go_of_what_is_to_be_retained(bench: LiveBench) -> None:
    guard = Guard(on_intent_deleted=DeletionPolicy.RETAIN)
    await bench.apply(intent_of(guard=guard))
    moved = intent_of(guard=guard, clusters=ChosenClusters(("west",)))
    await bench.apply(moved, prune=True)
    found = bench.east.secret()
    assert found is not None
    marker = read_marker(found["metadata"]["annotations"])
    assert marker is not None
    assert marker.released


async def test_what_changed_since_the_plan_is_decided_again(bench: LiveBench) -> None:
    await bench.apply(intent_of())
    bench.hub.put_secret("src", k=OTHER_VALUE)
    one_shot = bench.one_shot(intent_of())
    planned = await one_shot.plan()
    found = bench.east.secret()
    assert found is not None
    bench.east.put_secret(metadata=found["metadata"], **found["data"])
    (delivery,) = await one_shot.apply(planned)
    assert (delivery.wrote, delivery.finding) == (True, None)


async def test_what_somebody_made_since_the_plan_is_not_overwritten(bench: LiveBench) -> None:
    one_shot = bench.one_shot(intent_of())
    planned = await one_shot.plan()
    bench.east.put_secret(k=OTHER_VALUE)
    (delivery,) = await one_shot.apply(planned)
    assert delivery.finding is not None
    assert (delivery.wrote, delivery.finding.state) == (False, State.CONFLICT)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(AWAY, "Retrying"), (PermanentError("api.invalid", "refused"), "WriteRefused")],
)
async def test_a_failed_write_is_told_and_harms_no_other(
    bench: LiveBench, error: KeyfleetError, reason: str
) -> None:
    bench.east.errors["create Secret"] = [error]
    one_shot = bench.one_shot(intent_of(clusters=BOTH))
    east, west = await one_shot.apply(await one_shot.plan())
    assert east.finding is not None
    assert (east.finding.reason, west.wrote) == (reason, True)


async def test_the_plan_is_in_a_stable_order(bench: LiveBench) -> None:
    bench.east.put(NAMESPACES, "billing")
    spaces = ChosenNamespaces(("payments", "billing"))
    intents = [intent_of(key_of(name), target=name, namespaces=spaces) for name in "ba"]
    planned = await bench.one_shot(*intents).plan()
    assert [(one.step.intent.name, one.step.place.namespace) for one in planned] == [
        ("a", "billing"),
        ("a", "payments"),
        ("b", "billing"),
        ("b", "payments"),
    ]


async def test_a_laptop_without_the_key_leaves_an_unsigned_mark_and_no_fingerprint(
    bench: LiveBench,
) -> None:
    laptop = Installation(HUB_UID, ephemeral_keyring())
    await bench.apply(intent_of(), installation=laptop)
    found = bench.east.secret()
    assert found is not None
    marker = read_marker(found["metadata"]["annotations"])
    assert marker is not None
    assert (marker.mac, marker.fingerprint, marker.revision) == ("", "", 1)
    (again,) = await bench.one_shot(intent_of(), installation=laptop).plan()
    assert again.step.verb is Verb.NONE
    assert again.question is not None
    assert again.question.holding.claim is Claim.UNSIGNED


async def revision_after(bench: LiveBench, intent: Intent) -> int:
    (planned,) = await bench.one_shot(intent).plan()
    assert planned.question is not None
    return planned.question.asker.revision


async def test_revisions_go_on_from_status_and_targets(bench: LiveBench) -> None:
    assert await revision_after(bench, intent_of()) == 1
    await bench.apply(intent_of(revision=6))
    assert await revision_after(bench, intent_of()) == 7
    bench.hub.put_secret("src", k=OTHER_VALUE)
    assert await revision_after(bench, intent_of()) == 8


@pytest.mark.parametrize("policy", [ConflictPolicy.REFUSE, ConflictPolicy.OVERWRITE])
async def test_a_file_takes_nothing_from_what_the_hub_declares(
    bench: LiveBench, policy: ConflictPolicy
) -> None:
    """A file does not say whether its holder lives: the controller would take it back at once."""
    await bench.apply(intent_of())
    bench.hub.put_secret("else", k=OTHER_VALUE)
    thief = intent_of(
        key=key_of("thief"), ref=SecretRef("payments", "else"), guard=Guard(on_conflict=policy)
    )
    planned = await bench.one_shot(thief, is_of_files=True).plan()
    assert told(planned) == [("east", "none", "HeldByIntent")]


async def test_a_file_may_take_what_another_file_delivered(bench: LiveBench) -> None:
    stored = intent_of()
    await bench.apply(replace(stored, origins=(replace(stored.origin, uid=""),)))
    planned = await bench.one_shot(intent_of(key=key_of("next")), is_of_files=True).plan()
    assert told(planned) == [("east", "update", "")]
