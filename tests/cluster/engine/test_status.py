# SPDX-License-Identifier: Apache-2.0
"""What people are told: statuses, conditions, Events; and what nobody is told: a value."""

import asyncio
import socket

import aiohttp
import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.base import codec
from keyfleet.kube.resources import EVENTS, FLEETCLUSTERS, FLEETSECRETS, SECRETS
from keyfleet.localplane import faults
from keyfleet.testing.canary import canary, find_canary

ONE = {"password": canary("one"), "user": canary("user")}
TWO = {"password": canary("two"), "user": canary("user")}


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)


async def test_the_status_says_what_is_true_and_for_which_generation(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.leads()
    await fleet.ask(fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)
    status = await fleet.status()
    assert status["observedGeneration"] == 1
    assert status["revision"] == 1
    assert status["summary"]["text"] == "2/2"
    assert [one["inSync"] for one in status["clusters"]] == [1, 1]
    assert [one["revision"] for one in status["clusters"]] == [1, 1]
    assert all(one["propagationMs"] >= 0 for one in status["clusters"])
    condition = status["conditions"][0]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "Ready",
        "True",
        "Synced",
    )
    await fleet.edit({"placement": {"clusters": {"names": [fleet.east.name]}}})

    async def follows() -> bool:
        status = await fleet.status()
        return (status["observedGeneration"], status["summary"]["text"]) == (2, "1/1")

    await eventually(follows)


async def test_the_worst_cluster_comes_first_and_names_the_condition(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.west, "db", TWO)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.in_sync(fleet.east)
    await fleet.stands("Conflict", "Unmarked", fleet.west)
    status = await fleet.status()
    assert [one["name"] for one in status["clusters"]] == [fleet.west.name, fleet.east.name]
    condition = status["conditions"][0]
    assert (condition["status"], condition["reason"]) == ("False", "Unmarked")
    assert condition["message"].startswith(f"{fleet.west.name}: ")


async def test_an_unknown_field_delivers_nothing_and_deletes_nothing(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)
    await fleet.in_sync(fleet.east)
    await fleet.edit({"placement": {"excludes": {"names": ["east"]}}})

    async def told() -> bool:
        return await fleet.ready() == ("False", "UnknownField")

    await eventually(told)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.quiet()
    assert await fleet.data(fleet.east) == ONE
    assert "excludes" in (await fleet.status())["conditions"][0]["message"]


async def test_a_special_type_is_refused(fleet: Fleet) -> None:
    await start(fleet)
    kind = "kubernetes.io/service-account-token"
    await fleet.ask(fleet.east, template={"type": kind})

    async def told() -> bool:
        return await fleet.ready() == ("False", "SpecialType")

    await eventually(told)
    assert await fleet.data(fleet.east) is None


async def test_events_tell_what_changed_on_the_manifest(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)

    async def told() -> bool:
        return "Synced" in {event["reason"] for event in await fleet.events()}

    await eventually(told)
    event = next(event for event in await fleet.events() if event["reason"] == "Synced")
    regarding = event["regarding"]
    assert (regarding["kind"], regarding["name"]) == ("FleetSecret", "db")
    assert event["type"] == "Normal"


async def test_a_status_is_written_at_most_once_a_second(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)
    await fleet.quiet()
    fleet.forget_requests()
    loop = asyncio.get_running_loop()
    end = loop.time() + 3.0
    turn = 0
    while loop.time() < end:
        turn += 1
        await fleet.set_data(fleet.hub, "src", {"n": canary(str(turn))})
        await asyncio.sleep(0.1)
    await fleet.delivered({"n": canary(str(turn))}, fleet.east, fleet.west)
    await fleet.quiet()
    # A busy machine sees several changes as one: each is no revision of its own.
    last = (await fleet.status())["revision"]
    await fleet.revised(last)
    assert 1 < last <= turn + 1
    statuses = [seen.at for seen in fleet.hub.proxy.writes() if seen.resource == "fleetsecrets"]
    # One that a busy machine holds up is nearer to the next, and farther from the first.
    assert 2 < len(statuses) <= statuses[-1] - statuses[0] + 1.5


async def test_a_cluster_status_says_who_it_is(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.leads()

    async def known() -> bool:
        return bool((await fleet.cluster_status(fleet.east)).get("identity"))

    await eventually(known)
    status = await fleet.cluster_status(fleet.east)
    assert status["identity"]["uid"]
    assert status["identity"]["caSHA256"]
    assert status["reachable"] is True
    assert status["version"].startswith("v1.")


async def test_no_value_shows_in_any_output(
    fleet: Fleet, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run(listen=address)
    await fleet.write_secret(fleet.hub, "src", ONE)
    fleet.east.proxy.inject(faults.error(500, when=faults.on("secrets", "POST"), times=1))
    fleet.west.proxy.inject(faults.half_line(when=faults.on("secrets", "POST"), times=1))
    await fleet.write_secret(fleet.west, "taken", TWO)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.ask(fleet.west, name="taken")
    await fleet.ask(fleet.east, name="absent", data=[{"from": "nothing"}])
    annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": fleet.east.name}
    await fleet.write_secret(fleet.hub, "noted", TWO, annotations=annotations)
    await fleet.in_sync(fleet.east, fleet.west)
    await fleet.stands("Conflict", "Unmarked", fleet.west, name="taken")
    await fleet.stands("Failed", "KeyMissing", fleet.east, name="absent")
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.quiet()
    shown = []
    for path in ("metrics", "healthz", "readyz"):
        async with aiohttp.request("GET", f"http://{address}/{path}") as response:
            shown.append(await response.text())
    for resource in (FLEETSECRETS, FLEETCLUSTERS, EVENTS):
        found = (await fleet.hub.client.list(resource)).items
        shown += [codec.encode_json(item).decode() for item in found]
    assert f'cluster="{fleet.east.name}"' in shown[0]
    for side in fleet.sides:
        secrets = await side.client.list_metadata(SECRETS, namespace=fleet.namespace)
        shown += [codec.encode_json(codec.builtins(metadata)).decode() for metadata in secrets]
    shown += [caplog.text, *capfd.readouterr()]
    assert [text for text in shown if find_canary(text)] == []
    assert len(shown) > 10
