# SPDX-License-Identifier: Apache-2.0
"""Mass deletions wait for a person, whatever caused them, and survive the controller's own end."""

import asyncio
import signal
import sys

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.holding import (
    ONE,
    approve,
    held,
    many,
    plans,
    spread,
    stay,
    targets,
    there,
    withdraw,
)
from tests.cluster.engine.sides import eventually
from tests.cluster.engine.test_restart import PROGRAM

from keyfleet.engine.deletion import heldstore
from keyfleet.kube.resources import CONFIGMAPS, EVENTS, FLEETCLUSTERS, FLEETPOLICIES, LEASES
from keyfleet.localplane import faults
from keyfleet.model.held import HELD_CONFIGMAP
from keyfleet.model.ownership import SYSTEM_NAMESPACE

NONE = {"placement": {"namespaces": {"selector": {"matchLabels": {"spread": "nowhere"}}}}}


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)


async def test_an_emptied_selector_deletes_nothing_until_it_is_approved(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 20, fleet.east, fleet.west)
    await fleet.edit(NONE)
    (plan,) = await held(fleet, 40)
    await stay(fleet, 40, fleet.east, fleet.west)
    assert str(plan.scope) == f"intent FleetSecret/{fleet.namespace}/db"
    await fleet.stands("Held", "DeletionHeld", fleet.east)
    status = await fleet.status()
    assert f"`keyfleet approve {plan.id}`" in status["clusters"][0]["message"]
    await approve(fleet, plan)
    await there(fleet, 0, fleet.east, fleet.west)
    await held(fleet)


async def test_undoing_the_change_ends_the_plan(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 12, fleet.east)
    await fleet.edit(NONE)
    await held(fleet, 12)
    selector = {"matchLabels": {"spread": fleet.namespace}}
    await fleet.edit({"placement": {"namespaces": {"selector": selector}}})
    await held(fleet)
    await fleet.in_sync(fleet.east)
    await stay(fleet, 12, fleet.east)


async def test_an_approval_does_not_reach_a_set_that_changed(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 12, fleet.east)
    await fleet.edit(NONE)
    (plan,) = await held(fleet, 12)
    await fleet.end()
    await approve(fleet, plan)
    # Somebody makes one of the targets anew by deleting it: eleven are left of what was approved.
    place = plan.targets[0]
    await fleet.delete_secret(fleet.east, place.name, namespace=place.namespace)
    await fleet.run()
    (other,) = await held(fleet, 11)
    assert other.id != plan.id
    await stay(fleet, 11, fleet.east)

    async def is_told() -> bool:
        events = (await fleet.hub.client.list(EVENTS, namespace=SYSTEM_NAMESPACE)).items
        return any(plan.id in event.get("note", "") for event in events)

    await eventually(is_told, what="nobody is told that the approval reached nothing")


async def test_a_restart_goes_on_holding_under_the_same_id(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 6, fleet.east, fleet.west)
    await fleet.edit(NONE)
    (before,) = await held(fleet, 12)
    for _ in range(2):
        await fleet.end()
        await fleet.run()
        await fleet.leads()
        await stay(fleet, 12, fleet.east, fleet.west)
    (after,) = await held(fleet, 12)
    assert (after.id, after.created) == (before.id, before.created)


async def test_a_controller_that_dies_again_and_again_deletes_no_more_than_one_that_lives(
    fleet: Fleet,
) -> None:
    """Ten of twenty may go; after that the window is full, whoever counts."""
    await start(fleet)
    names = await many(fleet, 20, fleet.east)
    for first, left in ((0, 15), (5, 10)):
        await fleet.end()
        await withdraw(fleet, names[first : first + 5])
        await fleet.run()
        await there(fleet, left, fleet.east)
    for first, waiting in ((10, 5), (15, 10)):
        await fleet.end()
        await withdraw(fleet, names[first : first + 5])
        await fleet.run()
        await held(fleet, waiting)
    await stay(fleet, 10, fleet.east)


async def test_one_intent_deleted_is_one_decision(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 10, fleet.east, fleet.west)
    await fleet.withdraw()
    await there(fleet, 0, fleet.east, fleet.west)
    assert await plans(fleet) == []


async def test_one_intent_deleted_with_over_a_hundred_targets_waits(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 51, fleet.east, fleet.west)
    await fleet.withdraw()
    (plan,) = await held(fleet, 102)
    await stay(fleet, 102, fleet.east, fleet.west)
    await approve(fleet, plan)
    await there(fleet, 0, fleet.east, fleet.west)


async def test_fleetsecrets_deleted_in_bulk_wait(fleet: Fleet) -> None:
    await start(fleet)
    names = await many(fleet, 20, fleet.east, fleet.west)
    # A busy machine would make a trickle of it, of which the first ten may go.
    await fleet.end()
    await withdraw(fleet, names)
    await fleet.run()
    (plan,) = await held(fleet, 40)
    assert str(plan.scope) == "fleet"
    await stay(fleet, 40, fleet.east, fleet.west)
    await approve(fleet, plan)
    await there(fleet, 0, fleet.east, fleet.west)


async def test_a_cluster_that_loses_its_label_keeps_its_secrets(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west, labels={"held": fleet.namespace})
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    selector = {"selector": {"matchLabels": {"held": fleet.namespace}}}
    for number in range(12):
        await fleet.ask(name=f"one-{number}", placement={"clusters": selector})
    await there(fleet, 24, fleet.east, fleet.west)
    await fleet.edit_cluster(fleet.west, {"metadata": {"labels": {"held": "no"}}})
    (plan,) = await held(fleet, 12)
    assert str(plan.scope) == f"cluster {fleet.west.name}"
    await stay(fleet, 12, fleet.west)
    await approve(fleet, plan)
    await there(fleet, 0, fleet.west)
    await stay(fleet, 12, fleet.east)


async def test_a_cluster_that_is_removed_waits_too(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west, onRemoved="Delete")
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await many(fleet, 12, fleet.east, fleet.west)
    await fleet.hub.client.delete(FLEETCLUSTERS, fleet.west.name)
    (plan,) = await held(fleet, 12)
    await stay(fleet, 12, fleet.west)
    await approve(fleet, plan)
    await there(fleet, 0, fleet.west)
    await stay(fleet, 12, fleet.east)


async def test_a_source_that_is_gone_takes_no_crowd_along(fleet: Fleet) -> None:
    await start(fleet)
    source = {"secretRef": {"name": "src"}, "onMissing": "Delete"}
    await spread(fleet, 12, fleet.east)
    await fleet.edit({"source": source})
    await fleet.in_sync(fleet.east)
    await fleet.delete_secret(fleet.hub, "src")
    (plan,) = await held(fleet, 12)
    await stay(fleet, 12, fleet.east)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await held(fleet)
    assert plan.total == 12


async def test_emptied_data_waits_like_a_deletion(fleet: Fleet) -> None:
    await start(fleet)
    await spread(fleet, 6, fleet.east, fleet.west)
    await fleet.set_data(fleet.hub, "src", {})
    (plan,) = await held(fleet, 12)
    assert all(target.empties for target in plan.targets)
    await fleet.quiet()
    place = plan.targets[0]
    assert await fleet.data(fleet.east, namespace=f"{fleet.namespace}-db-0") == ONE
    await approve(fleet, plan)
    await fleet.delivered({}, fleet.east, fleet.west, namespace=place.namespace)
    await held(fleet)


async def test_an_orphan_is_deleted_only_by_approval(fleet: Fleet) -> None:
    """Its annotation domain is not configured any more: nobody can say whether it is wanted."""
    await fleet.declare(fleet.east)
    await fleet.run(annotation_domain="old.example.com")
    notes = {"old.example.com/enabled": "true", "old.example.com/targets": fleet.east.name}
    await fleet.write_secret(fleet.hub, "noted", ONE, annotations=notes)
    await fleet.delivered(ONE, fleet.east, name="noted")
    await fleet.end()
    await fleet.run()
    (plan,) = await held(fleet, 1)
    assert (plan.scope.kind, "old.example.com" in plan.scope.name) == ("orphans", True)
    await stay(fleet, 1, fleet.east)
    await approve(fleet, plan)
    await fleet.gone(fleet.east, name="noted")
    assert await fleet.data(fleet.hub, "noted") == ONE


async def test_a_policy_sets_the_limits(fleet: Fleet) -> None:
    name = f"limits-{fleet.namespace}"
    await fleet.hub.client.create(
        FLEETPOLICIES,
        {
            "apiVersion": FLEETPOLICIES.api_version,
            "kind": FLEETPOLICIES.kind,
            "metadata": {"name": name},
            "spec": {"limits": {"deletions": {"targets": 1, "percent": 0}}},
        },
    )
    await start(fleet)
    names = await many(fleet, 2, fleet.east)
    # A busy machine would make a trickle of it, of which the first may go.
    await fleet.end()
    await withdraw(fleet, names)
    await fleet.run()
    await held(fleet, 2)
    await fleet.hub.client.merge_patch(FLEETPOLICIES, name, {"spec": {"limits": None}})
    await there(fleet, 0, fleet.east)


async def test_nothing_goes_while_nothing_can_be_counted(fleet: Fleet) -> None:
    await start(fleet)
    await many(fleet, 1, fleet.east)
    fleet.may_be_denied = True
    spoilt = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": HELD_CONFIGMAP, "namespace": SYSTEM_NAMESPACE},
        "data": {"ledger": "somebody's notes"},
    }
    await fleet.hub.client.create(CONFIGMAPS, spoilt, namespace=SYSTEM_NAMESPACE)
    await asyncio.sleep(0.5)
    await fleet.edit({"placement": {"clusters": {"names": [fleet.west.name]}}}, name="many-00")
    await fleet.stands("Held", "DeletionsUncounted", fleet.east, name="many-00")
    await stay(fleet, 1, fleet.east)
    await fleet.hub.client.delete(CONFIGMAPS, HELD_CONFIGMAP, namespace=SYSTEM_NAMESPACE)
    await there(fleet, 0, fleet.east)


async def test_what_a_killed_controller_let_go_is_known_to_the_next(fleet: Fleet) -> None:
    """SIGKILL after the entry and before the deletion: entered once, and gone once."""
    await start(fleet)
    names = await many(fleet, 20, fleet.east)
    await fleet.end()
    fleet.configure()
    config = str(fleet.settings.kubeconfigs[0])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, config, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await fleet.leads()
        fleet.east.proxy.inject(faults.silence(when=faults.on("secrets", "DELETE")))
        await withdraw(fleet, names[:9])

        async def entered() -> bool:
            return len((await heldstore.load(fleet.hub.client)).ledger.entries) == 9

        await eventually(entered, timeout_s=60, what="what may go was not entered")
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await fleet.east.proxy.heal()
    assert await targets(fleet, fleet.east) == 20
    await fleet.hub.client.delete(LEASES, "keyfleet", namespace=SYSTEM_NAMESPACE)
    await withdraw(fleet, names[9:])
    await fleet.run()
    # Nine were let go and go; of the other eleven none does, since twenty are too many.
    await there(fleet, 11, fleet.east)
    await held(fleet, 11)
    await stay(fleet, 11, fleet.east)
