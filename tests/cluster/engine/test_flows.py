# SPDX-License-Identifier: Apache-2.0
"""What FleetPolicies let flow where, with the controller and real planes."""

import asyncio
from typing import Any

from tests.cluster.engine.conftest import install
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, always, eventually

from keyfleet.base.keyring import ephemeral_keyring
from keyfleet.kube.resources import CRDS, FLEETPOLICIES, NAMESPACES
from keyfleet.localplane import faults
from keyfleet.model.ownership import MARKED, Installation, Marker, read_marker
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}
EDITED = {"password": canary("edited")}
OLDER_S = 1.1
"""Creation times are whole seconds."""
MANY = 12
"""More than may go without a person."""

STAYS: dict[str, Any] = {
    "name": "production-stays",
    "from": {"matchLabels": {"env": "production"}},
    "to": {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["production"]}]},
    "action": "Deny",
}
NOT_TO_STAGING = {**STAYS, "to": {"matchLabels": {"env": "staging"}}}
GOES: dict[str, Any] = {
    "name": "production-goes",
    "from": {"matchLabels": {"env": "production"}},
    "to": {"matchLabels": {"env": "production"}},
    "action": "Allow",
}


async def rule(
    fleet: Fleet, *flows: dict[str, Any], name: str = "environments", **spec: Any
) -> str:
    """Create a FleetPolicy; return its name."""
    unique = f"{name}-{fleet.namespace}"
    document = {
        "apiVersion": FLEETPOLICIES.api_version,
        "kind": FLEETPOLICIES.kind,
        "metadata": {"name": unique},
        "spec": {"flows": list(flows), **spec},
    }
    await fleet.hub.client.create(FLEETPOLICIES, document)
    return unique


async def edit_rule(fleet: Fleet, policy: str, **spec: Any) -> None:
    """Merge into a FleetPolicy's spec."""
    await fleet.hub.client.merge_patch(FLEETPOLICIES, policy, {"spec": spec})


async def label(fleet: Fleet, side: Side, env: str) -> None:
    """Relabel a FleetCluster."""
    await fleet.edit_cluster(side, {"metadata": {"labels": {"env": env}}})


async def marker(fleet: Fleet, side: Side, name: str = "db") -> Marker:
    """Return the marker of a delivered Secret."""
    found = read_marker((await fleet.meta(side, name)).annotations or {})
    assert found is not None
    return found


async def environments(fleet: Fleet) -> None:
    """Declare a production hub, east in production and west in staging."""
    await fleet.declare(fleet.hub, fleet.east, labels={"env": "production"})
    await fleet.declare(fleet.west, labels={"env": "staging"})


async def message(fleet: Fleet, side: Side, name: str = "db") -> str:
    """Return what a FleetSecret's status says of a cluster."""
    clusters = (await fleet.status(name)).get("clusters", [])
    return next((str(one.get("message", "")) for one in clusters if one["name"] == side.name), "")


async def untouched(fleet: Fleet, side: Side, data: dict[str, bytes]) -> None:
    """Make sure that a target keeps what it holds, whatever is written elsewhere."""

    async def equal() -> bool:
        return await fleet.data(side) == data

    await always(equal, what="a frozen target was written")


async def test_a_denied_flow_is_refused_by_its_name_and_harms_no_other(fleet: Fleet) -> None:
    await environments(fleet)
    policy = await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await fleet.in_sync(fleet.east)
    assert f"{policy}/production-stays" in await message(fleet, fleet.west)
    assert "env=staging" in await message(fleet, fleet.west)
    assert await fleet.data(fleet.west) is None
    assert await fleet.ready() == ("False", "FlowDenied")

    async def told() -> bool:
        return any(event.get("reason") == "FlowDenied" for event in await fleet.events())

    await eventually(told, what="no Event says it")


async def test_the_annotation_form_is_refused_too(fleet: Fleet) -> None:
    await environments(fleet)
    await rule(fleet, STAYS)
    await fleet.run()
    targets = f"{fleet.east.name},{fleet.west.name}"
    annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": targets}
    await fleet.write_secret(fleet.hub, "db", ONE, annotations=annotations)
    await fleet.delivered(ONE, fleet.east)

    async def told() -> bool:
        return any(event.get("reason") == "FlowDenied" for event in await fleet.events())

    await eventually(told, what="no Event says it")
    assert await fleet.data(fleet.west) is None


async def test_under_a_default_of_deny_only_what_is_allowed_flows(fleet: Fleet) -> None:
    await environments(fleet)
    policy = await rule(fleet, GOES, defaultFlow="Deny")
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Refused", "FlowNotAllowed", fleet.west)
    await edit_rule(fleet, policy, defaultFlow="Allow")
    await fleet.delivered(ONE, fleet.west)


async def test_a_source_without_labels_goes_nowhere_until_somebody_says_what_it_is(
    fleet: Fleet,
) -> None:
    await fleet.declare(fleet.east, labels={"env": "production"})
    policy = await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.stands("Refused", "UnclassifiedSource", fleet.east)
    assert await fleet.data(fleet.east) is None
    source = {
        "clusters": {"names": ["hub"]},
        "namespaces": {"names": [fleet.namespace]},
        "labels": {"env": "production"},
    }
    await edit_rule(fleet, policy, sources=[source])
    await fleet.delivered(ONE, fleet.east)
    assert (await marker(fleet, fleet.east)).provenance == ({"env": "production"},)


async def test_a_written_default_of_allow_lets_an_unlabelled_source_flow(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, labels={"env": "production"})
    await rule(fleet, STAYS, defaultFlow="Allow")
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)


async def relay(fleet: Fleet, **labels: str) -> None:
    """Bring a Secret of east to the hub as `hop`; that is where the next hop reads it."""
    await fleet.declare(fleet.hub, labels=labels)
    await fleet.declare(fleet.east, labels={"env": "production"})
    await fleet.declare(fleet.west, labels={"env": "staging"})
    everywhere = {"clusters": {"names": ["*"]}, "namespaces": {"names": [fleet.namespace]}}
    await fleet.grant("relay", sources=everywhere)
    await fleet.run()
    await fleet.write_secret(fleet.east, "src", ONE)
    await fleet.ask(fleet.hub, name="hop", source="elsewhere")
    await fleet.edit(
        {"source": {"secretRef": {"cluster": fleet.east.name, "name": "src"}}}, name="hop"
    )
    await fleet.delivered(ONE, fleet.hub, name="hop")


async def test_what_came_from_production_is_seen_behind_the_hub(fleet: Fleet) -> None:
    policy = await rule(fleet, NOT_TO_STAGING)
    await relay(fleet, env="shared")
    await fleet.ask(fleet.west, source="hop")
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    assert f"{policy}/production-stays" in await message(fleet, fleet.west)
    assert await fleet.data(fleet.west) is None
    assert (await marker(fleet, fleet.hub, "hop")).provenance == ({"env": "production"},)


async def test_what_came_from_production_through_an_unlabelled_hub_stays_production(
    fleet: Fleet,
) -> None:
    await rule(fleet, NOT_TO_STAGING)
    await relay(fleet)
    await fleet.ask(fleet.west, fleet.east, source="hop")
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await fleet.delivered(ONE, fleet.east)
    assert (await marker(fleet, fleet.east)).provenance == ({"env": "production"},)


async def test_a_label_that_comes_later_is_seen_behind_the_hub_without_a_new_value(
    fleet: Fleet,
) -> None:
    await relay(fleet, env="shared")
    await fleet.ask(fleet.west, source="hop")
    await fleet.delivered(ONE, fleet.west)
    before = await fleet.meta(fleet.hub, "hop")
    await label(fleet, fleet.east, "secret")

    async def relayed() -> bool:
        sets = (await marker(fleet, fleet.west)).provenance
        return {"env": "secret"} in sets and {"env": "production"} not in sets

    await eventually(relayed, what="the marker was not brought in line")
    assert (await fleet.meta(fleet.hub, "hop")).uid == before.uid
    assert await fleet.data(fleet.west) == ONE
    stays = {**NOT_TO_STAGING, "from": {"matchLabels": {"env": "secret"}}}
    await rule(fleet, stays)
    await fleet.stands("Refused", "FlowDenied", fleet.west)


async def test_an_unsigned_marker_can_only_add_reasons_to_refuse(fleet: Fleet) -> None:
    await fleet.declare(fleet.hub, labels={"env": "shared"})
    await fleet.declare(fleet.west, labels={"env": "staging"})
    await rule(fleet, NOT_TO_STAGING)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.west)
    await fleet.delivered(ONE, fleet.west)
    system = await fleet.hub.client.find_metadata(NAMESPACES, "kube-system")
    assert system is not None
    said = Marker(
        hub=system.uid,
        kind="FleetSecret",
        intent_namespace=fleet.namespace,
        intent_name="hop",
        intent_uid="",
        cluster=system.uid,
        namespace=fleet.namespace,
        name="src",
        provenance=({"env": "production"},),
    )
    marks = MARKED.marks(said, Installation(system.uid, ephemeral_keyring()))
    await fleet.patch_secret(
        fleet.hub, "src", {"metadata": {"annotations": dict(marks.annotations)}}
    )
    await fleet.stands("Refused", "FlowDenied", fleet.west)


async def test_a_delivered_target_that_becomes_forbidden_is_frozen(fleet: Fleet) -> None:
    await environments(fleet)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    policy = await rule(fleet, STAYS)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    await untouched(fleet, fleet.west, ONE)
    await fleet.set_data(fleet.west, "db", EDITED)
    await untouched(fleet, fleet.west, EDITED)
    await fleet.hub.client.delete(FLEETPOLICIES, policy)
    await fleet.delivered(TWO, fleet.west)


async def test_a_delivered_target_goes_where_the_rule_says_so(fleet: Fleet) -> None:
    await environments(fleet)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await rule(fleet, {**STAYS, "onRefused": "Delete"})
    await fleet.gone(fleet.west)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    assert await fleet.data(fleet.east) == ONE


async def test_a_forbidden_target_is_still_deleted_when_nobody_wants_it(fleet: Fleet) -> None:
    await environments(fleet)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await rule(fleet, STAYS)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await fleet.withdraw()
    await fleet.gone(fleet.east, fleet.west)


async def test_a_relabelled_target_or_source_is_decided_anew_at_once(fleet: Fleet) -> None:
    await environments(fleet)
    await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await label(fleet, fleet.west, "production")
    await fleet.delivered(ONE, fleet.west)
    await label(fleet, fleet.east, "staging")
    await fleet.stands("Refused", "FlowDenied", fleet.east)
    await label(fleet, fleet.hub, "staging")
    await fleet.in_sync(fleet.east, fleet.west)


async def test_a_policy_that_cannot_be_read_holds_everything_and_is_named(fleet: Fleet) -> None:
    """A policy that was valid and is edited to invalid must not open anything in silence."""
    await environments(fleet)
    policy = await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    bad = {"matchExpressions": [{"key": "env", "operator": "In"}]}
    await edit_rule(fleet, policy, flows=[{**STAYS, "to": bad}])
    await fleet.stands("Held", "PolicyUnknown", fleet.west)
    await fleet.stands("Held", "PolicyUnknown", fleet.east)
    assert policy in await message(fleet, fleet.west)
    await fleet.set_data(fleet.hub, "src", TWO)
    await untouched(fleet, fleet.east, ONE)
    assert await fleet.data(fleet.west) is None
    await fleet.hub.client.delete(FLEETPOLICIES, policy)
    await fleet.delivered(TWO, fleet.east, fleet.west)


async def test_nothing_is_delivered_while_the_policies_may_not_be_listed(fleet: Fleet) -> None:
    await environments(fleet)
    await rule(fleet, STAYS)
    fleet.may_be_denied = True
    denied = fleet.hub.proxy.inject(faults.error(403, "Forbidden", when=faults.on("fleetpolicies")))
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.stands("Held", "PolicyUnknown", fleet.east)
    assert await fleet.data(fleet.east) is None
    await fleet.hub.proxy.heal(denied)
    await fleet.delivered(ONE, fleet.east)


async def test_nothing_is_delivered_once_the_right_to_see_the_policies_is_lost(
    fleet: Fleet,
) -> None:
    await environments(fleet)
    await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    fleet.may_be_denied = True
    denied = fleet.hub.proxy.inject(faults.error(403, "Forbidden", when=faults.on("fleetpolicies")))
    open_watches = faults.both(faults.watches, faults.on("fleetpolicies"))
    fleet.hub.proxy.inject(faults.ended(when=open_watches, times=1))
    await fleet.stands("Held", "PolicyUnknown", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await untouched(fleet, fleet.east, ONE)
    await fleet.hub.proxy.heal(denied)
    await fleet.delivered(TWO, fleet.east)


async def test_nothing_is_delivered_while_the_kind_of_policies_is_gone(fleet: Fleet) -> None:
    await environments(fleet)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.hub.client.delete(CRDS, FLEETPOLICIES.label)
    await fleet.stands("Held", "PolicyUnknown", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await untouched(fleet, fleet.east, ONE)
    await install(fleet.hub.client)
    await fleet.delivered(TWO, fleet.east)


async def test_a_restart_with_labels_and_flows_writes_nothing(fleet: Fleet) -> None:
    await environments(fleet)
    await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await fleet.quiet()
    await fleet.end()
    fleet.forget_requests()
    await fleet.run()
    await fleet.leads()
    await fleet.quiet()
    assert [write for side in fleet.sides for write in side.writes()] == []


async def test_who_may_deliver_gets_the_place_of_who_may_not(fleet: Fleet) -> None:
    """What a flow forbids reserves nothing, and keeps no target that nobody wants."""
    await environments(fleet)
    await rule(fleet, STAYS)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.west, name="first", placement={"name": "db"})
    await fleet.stands("Refused", "FlowDenied", fleet.west, name="first")
    await asyncio.sleep(OLDER_S)
    everywhere = {"clusters": {"names": ["*"]}, "namespaces": {"names": [fleet.namespace]}}
    await fleet.grant("reads", sources=everywhere)
    await fleet.write_secret(fleet.west, "own", TWO)
    await fleet.ask(fleet.west, source="elsewhere")
    await fleet.edit({"source": {"secretRef": {"cluster": fleet.west.name, "name": "own"}}})
    await fleet.delivered(TWO, fleet.west)
    await fleet.withdraw()
    await fleet.gone(fleet.west)


async def test_a_rule_that_deletes_much_waits_for_a_person(fleet: Fleet) -> None:
    await environments(fleet)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    names = [f"db-{number}" for number in range(MANY)]
    for name in names:
        await fleet.ask(fleet.west, name=name)
    for name in names:
        await fleet.delivered(ONE, fleet.west, name=name)
    await rule(fleet, {**STAYS, "onRefused": "Delete"})

    async def held() -> bool:
        return {(await fleet.state(fleet.west, name))[0] for name in names} == {"Held"}

    await eventually(held, timeout_s=30, what="a mass deletion was not held")
    for name in names:
        assert await fleet.data(fleet.west, name) == ONE


async def test_one_forbidden_source_among_several_forbids_the_target(fleet: Fleet) -> None:
    """Also where its value is one of many that a template puts together."""
    await fleet.declare(fleet.east, labels={"env": "production"})
    await fleet.declare(fleet.hub, fleet.west, labels={"env": "staging"})
    everything = {"clusters": {"names": ["*"]}, "namespaces": {"names": [fleet.namespace]}}
    await fleet.grant("read", sources=everything)
    await rule(fleet, STAYS)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.write_secret(fleet.east, "src", TWO)
    await fleet.run()
    production = {"name": "p", "secretRef": {"name": "src", "cluster": fleet.east.name}}
    staging = {"name": "s", "secretRef": {"name": "src"}}
    template = {"data": {"k": "{{ .s.password }}{{ .p.password | sha256sum }}"}}
    await fleet.ask(fleet.west, fleet.east, sources=[staging, production], template=template)
    await fleet.stands("Refused", "FlowDenied", fleet.west)
    await fleet.in_sync(fleet.east)
    assert await fleet.data(fleet.west) is None
    assert {"env": "production"} in (await marker(fleet, fleet.east)).provenance
    assert {"env": "staging"} in (await marker(fleet, fleet.east)).provenance
    only = {"data": {"k": "{{ .s.password }}"}}
    await fleet.edit({"sources": [staging], "template": only})
    await fleet.delivered({"k": ONE["password"]}, fleet.west)
