# SPDX-License-Identifier: Apache-2.0
"""What happens to the targets when the source changes, goes and comes, wherever it lives."""

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import always, eventually

from keyfleet.kube.resources import FLEETPOLICIES
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()


async def test_targets_stay_when_the_source_is_gone_and_follow_when_it_is_back(
    fleet: Fleet,
) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.delete_secret(fleet.hub, "src")
    await fleet.stands("Pending", "SourceMissing", fleet.east)
    await always(lambda: fleet.data(fleet.east), what="an absent source deleted its target")
    await fleet.write_secret(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    await fleet.in_sync(fleet.east)


async def test_targets_go_with_the_source_where_that_was_asked_for(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.hub, "src", ONE)
    source = {"secretRef": {"name": "src"}, "onMissing": "Delete"}
    await fleet.ask(fleet.east, fleet.west)
    await fleet.edit({"source": source})
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.delete_secret(fleet.hub, "src")
    await fleet.gone(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)


async def test_waits_for_a_source_that_comes_later(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)

    async def missing() -> bool:
        return await fleet.ready() == ("False", "SourceMissing")

    await eventually(missing)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.delivered(ONE, fleet.east)


async def test_a_missing_key_fails_the_whole_and_leaves_the_targets(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, data=[{"from": "password"}])
    await fleet.delivered(ONE, fleet.east)
    await fleet.set_data(fleet.hub, "src", {"other": canary("other")})
    await fleet.stands("Failed", "KeyMissing", fleet.east)
    assert await fleet.data(fleet.east) == ONE


async def test_another_namespace_is_read_only_with_a_grant(fleet: Fleet) -> None:
    await start(fleet)
    vault = await fleet.add_namespace("vault")
    await fleet.write_secret(fleet.hub, "src", ONE, namespace=vault)
    await fleet.ask(fleet.east)
    await fleet.edit({"source": {"secretRef": {"namespace": vault}}})
    await fleet.stands("Pending", "SourceMissing", fleet.east)
    assert await fleet.data(fleet.east) is None
    policy = await fleet.grant(
        "read", sources={"clusters": {"names": ["hub"]}, "namespaces": {"names": [vault]}}
    )
    await fleet.delivered(ONE, fleet.east)
    await fleet.hub.client.delete(FLEETPOLICIES, policy)
    await fleet.stands("Pending", "SourceMissing", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO, namespace=vault)
    await fleet.quiet()
    assert await fleet.data(fleet.east) == ONE


async def test_absent_and_forbidden_sources_look_the_same(fleet: Fleet) -> None:
    await start(fleet)
    vault = await fleet.add_namespace("vault")
    await fleet.write_secret(fleet.hub, "there", ONE, namespace=vault)
    for name in ("there", "not-there"):
        await fleet.ask(fleet.east, name=name, source=name)
        await fleet.edit({"source": {"secretRef": {"namespace": vault}}}, name=name)
        await fleet.stands("Pending", "SourceMissing", fleet.east, name=name)
    told = [(await fleet.status(name))["conditions"][0] for name in ("there", "not-there")]
    assert told[1]["message"].replace("not-there", "there") == told[0]["message"]


async def test_another_namespace_is_written_only_with_a_grant(fleet: Fleet) -> None:
    await start(fleet)
    other = await fleet.add_namespace("other")
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, placement={"namespaces": {"names": [other]}})
    await fleet.stands("Refused", "TargetNotGranted", fleet.east)
    assert await fleet.data(fleet.east, namespace=other) is None
    policy = await fleet.grant(
        "write",
        targets={"clusters": {"names": [fleet.east.name]}, "namespaces": {"names": [other]}},
    )
    await fleet.delivered(ONE, fleet.east, namespace=other)
    await fleet.hub.client.delete(FLEETPOLICIES, policy)
    await fleet.stands("Refused", "TargetNotGranted", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.quiet()
    assert await fleet.data(fleet.east, namespace=other) == ONE


async def test_a_member_is_a_source_with_a_grant(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.east, "src", ONE)
    await fleet.ask(fleet.west)
    await fleet.edit({"source": {"secretRef": {"cluster": fleet.east.name}}})
    await fleet.stands("Pending", "SourceMissing", fleet.west)
    await fleet.grant(
        "east",
        sources={
            "clusters": {"names": [fleet.east.name]},
            "namespaces": {"names": [fleet.namespace]},
        },
    )
    await fleet.delivered(ONE, fleet.west)
    await fleet.set_data(fleet.east, "src", TWO)
    await fleet.delivered(TWO, fleet.west)
    await fleet.delete_secret(fleet.east, "src")
    await fleet.stands("Pending", "SourceMissing", fleet.west)
    assert await fleet.data(fleet.west) == TWO


async def test_targets_stay_while_the_source_cluster_is_away(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.grant(
        "east", sources={"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}}
    )
    await fleet.write_secret(fleet.east, "src", ONE)
    source = {"secretRef": {"cluster": fleet.east.name, "name": "src"}, "onMissing": "Delete"}
    await fleet.ask(fleet.west)
    await fleet.edit({"source": source})
    await fleet.delivered(ONE, fleet.west)
    await fleet.east.proxy.cut()
    await fleet.edit({"template": {"metadata": {"labels": {"again": "1"}}}})

    async def told() -> bool:
        return await fleet.ready() == ("False", "SourceUnreachable")

    await eventually(told)
    assert await fleet.data(fleet.west) == ONE
    await fleet.set_data(fleet.east, "src", TWO)
    await fleet.east.proxy.heal()
    await fleet.delivered(TWO, fleet.west)


async def test_an_annotated_secret_is_intent_and_source_at_once(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run(annotation_domain="sync.example.com")
    annotations = {
        "sync.example.com/enabled": "true",
        "sync.example.com/targets": f"{fleet.east.name},{fleet.west.name}",
    }
    await fleet.write_secret(fleet.hub, "db", ONE, annotations=annotations)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.set_data(fleet.hub, "db", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    patch = {"metadata": {"annotations": {"sync.example.com/targets": fleet.east.name}}}
    await fleet.patch_secret(fleet.hub, "db", patch)
    await fleet.gone(fleet.west)
    await fleet.delete_secret(fleet.hub, "db")
    await fleet.gone(fleet.east)
    assert [seen for seen in fleet.hub.writes() if seen.namespace == fleet.namespace] == []


async def test_an_annotated_secret_that_is_switched_off_takes_its_copies_along(
    fleet: Fleet,
) -> None:
    await start(fleet)
    annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": fleet.east.name}
    await fleet.write_secret(fleet.hub, "db", ONE, annotations=annotations)
    await fleet.delivered(ONE, fleet.east)
    patch = {"metadata": {"annotations": {"keyfleet.io/enabled": "false"}}}
    await fleet.patch_secret(fleet.hub, "db", patch)
    await fleet.gone(fleet.east)


async def test_a_misspelt_annotation_is_told_and_deletes_nothing(fleet: Fleet) -> None:
    await start(fleet)
    annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": fleet.east.name}
    await fleet.write_secret(fleet.hub, "db", ONE, annotations=annotations)
    await fleet.delivered(ONE, fleet.east)
    patch = {"metadata": {"annotations": {"keyfleet.io/target": "west"}}}
    await fleet.patch_secret(fleet.hub, "db", patch)

    async def told() -> bool:
        return any(event["reason"] == "UnknownAnnotation" for event in await fleet.events())

    await eventually(told)
    assert await fleet.data(fleet.east) == ONE


async def test_copies_of_an_unserved_domain_are_not_deleted(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    await fleet.run(annotation_domain="sync.example.com")
    annotations = {
        "sync.example.com/enabled": "true",
        "sync.example.com/targets": fleet.east.name,
    }
    await fleet.write_secret(fleet.hub, "db", ONE, annotations=annotations)
    await fleet.delivered(ONE, fleet.east)
    await fleet.end()
    await fleet.run(annotation_domain="other.example.com")
    await fleet.leads()
    await fleet.delete_secret(fleet.hub, "db")
    await always(lambda: fleet.data(fleet.east), what="an orphan of another domain was deleted")
