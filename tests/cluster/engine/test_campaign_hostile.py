# SPDX-License-Identifier: Apache-2.0
"""A member that lies, floods or turns into another cluster harms nobody but itself."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from tests.cluster.engine.campaign import ONE, THREE, TWO, forget_lead, goes_on, in_step, process
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.base import codec
from keyfleet.kube.resources import SECRETS
from keyfleet.localplane import faults, hostile, slow
from keyfleet.localplane.exchange import Edit
from keyfleet.localplane.masks import mask
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION, read_marker
from keyfleet.testing.canary import find_canary

NAMESPACES_ONLY = faults.on("namespaces")
SECRETS_ONLY = faults.on("secrets")
LISTS = faults.both(SECRETS_ONLY, lambda seen: seen.method == "GET" and not seen.name)

PEAK_MIB = 512
"""Far above what a fleet of two takes, far below what is thrown at it."""


def namespace(number: int) -> dict[str, Any]:
    uid = f"00000000-0000-4000-8000-{number:012d}"
    labels = {"kubernetes.io/metadata.name": f"n{number}"}
    return {
        "metadata": {"name": f"n{number}", "uid": uid, "resourceVersion": "7", "labels": labels}
    }


def event(kind: str, version: str = "7", **metadata: Any) -> dict[str, Any]:
    whole = {"name": "db", "namespace": "far", "uid": "u", "resourceVersion": version, **metadata}
    return {"type": kind, "object": {"kind": "PartialObjectMetadata", "metadata": whole}}


FLOODS: dict[str, Callable[[], faults.Fault]] = {
    "endless answers": hostile.endless,
    "endless refusals": lambda: hostile.endless(status=500),
    "endless lists": lambda: hostile.endless(when=LISTS),
    "endless lines": lambda: hostile.endless(when=faults.watches, begin=b'{"type":"ADDED"'),
    "garbage": lambda: hostile.answered(b"\x00\xff{]"),
    "deep nesting": lambda: hostile.answered(b"[" * 200_000),
    "nothing": lambda: hostile.answered(b"{}"),
    "pages of a portal": lambda: hostile.page(200),
    "absence by a portal": hostile.page,
    "redirects": lambda: hostile.redirected("https://127.0.0.1:1/"),
    "circular lists": lambda: hostile.told(namespace, 500, is_endless=True, when=LISTS),
    "trickles": lambda: slow.trickled(1, 0.2),
    "delays": lambda: slow.delayed(30.0),
    "unauthorized": faults.unauthorized,
    "forbidden": faults.forbidden,
    "silence": faults.silence,
    "resets": faults.reset,
}


@pytest.mark.parametrize("flood", sorted(FLOODS))
async def test_what_one_member_answers_keeps_nobody_else_waiting(fleet: Fleet, flood: str) -> None:
    fleet.may_be_denied = True
    await in_step(fleet)
    fleet.west.proxy.inject(FLOODS[flood]())
    await fleet.west.proxy.renew()
    for data in (TWO, THREE):
        await goes_on(fleet, fleet.east, data=data)
    # Where only its lists are spoilt, writes still pass; nothing is emptied or taken away.
    assert await fleet.data(fleet.west) in (ONE, TWO, THREE)
    await fleet.west.proxy.heal()
    await fleet.delivered(THREE, fleet.west, timeout_s=60)


async def test_a_value_that_a_member_hands_back_is_told_to_nobody(fleet: Fleet) -> None:
    await in_step(fleet)
    value = THREE["password"].decode()
    causes = [{"reason": value, "message": value, "field": value}]
    details = {"name": value, "kind": value, "causes": causes}
    for code, reason in ((422, "Invalid"), (403, value), (500, value), (409, value)):
        body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
        body |= {"message": value, "details": details}
        refused = hostile.answered(
            codec.encode_json(body), status=code, when=faults.both(SECRETS_ONLY, faults.writes)
        )
        fleet.west.proxy.inject(refused)
        await goes_on(fleet, fleet.east, data=THREE)
        await eventually(partial(_struck, refused))
        await fleet.quiet()
        assert not find_canary(codec.encode_json(await fleet.status()))
        await fleet.west.proxy.heal(refused)
        await goes_on(fleet, fleet.east, data=TWO)


async def test_a_handshake_that_never_comes_delays_nobody_else(fleet: Fleet) -> None:
    await in_step(fleet)
    fleet.west.proxy.handshake_delay_s = 60.0
    await fleet.west.proxy.renew()
    await goes_on(fleet, fleet.east)
    await fleet.stands("Unreachable", "Unreachable", fleet.west)
    fleet.west.proxy.handshake_delay_s = 0.0
    await fleet.west.proxy.renew()
    await fleet.delivered(TWO, fleet.west, timeout_s=30)


async def test_a_portal_in_front_of_a_member_makes_it_unreachable(fleet: Fleet) -> None:
    await in_step(fleet)
    fault = fleet.west.proxy.inject(hostile.page())
    await fleet.west.proxy.renew()
    await fleet.stands("Unreachable", "Unreachable", fleet.west)
    assert await fleet.data(fleet.west) == ONE
    await goes_on(fleet, fleet.east)
    await fleet.west.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.west, timeout_s=30)


STRANGE: dict[str, list[Any]] = {
    "foreign names": [event("ADDED"), event("MODIFIED", "8"), event("DELETED", "9")],
    "names of no one": [event("ADDED", name="", namespace="")],
    "nonsense versions": [
        event("ADDED", "-1"),
        event("MODIFIED", "banana"),
        event("ADDED", "9" * 80),
    ],
    "no version": [event("ADDED", "")],
    "another kind": [{"type": "ADDED", "object": {"kind": "Pod", "spec": {"x": 1}}}],
    "a list as an event": [{"type": "ADDED", "object": []}],
    "unknown types": [event("RENAMED")],
    "errors of other makes": [{"type": "ERROR", "object": {"code": "x"}}],
    "half an event": [b'{"type":"ADDED","object":{"metadata":{'],
    "everything gone": [event("BOOKMARK", annotations={"k8s.io/initial-events-end": "true"})],
}


@pytest.mark.parametrize("words", sorted(STRANGE))
async def test_strange_events_of_one_member_write_and_delete_nothing_elsewhere(
    fleet: Fleet, words: str
) -> None:
    await in_step(fleet)
    fleet.forget_requests()
    fault = fleet.west.proxy.inject(hostile.events(*STRANGE[words]))
    await asyncio.sleep(1.0)
    assert fleet.east.writes() == fleet.hub.writes() == []
    await goes_on(fleet, fleet.east)
    await fleet.west.proxy.heal(fault)
    await fleet.west.proxy.renew()
    await fleet.delivered(TWO, fleet.west, timeout_s=30)


async def test_marks_of_other_intents_that_a_member_shows_move_nothing_elsewhere(
    fleet: Fleet,
) -> None:
    await in_step(fleet)
    await fleet.ask(fleet.east, name="other")
    await fleet.delivered(ONE, fleet.east, name="other")
    stolen = await fleet.meta(fleet.east, "other")
    marks = codec.builtins(stolen)

    def copied(number: int) -> dict[str, Any]:
        place = {"name": f"other{number}", "namespace": fleet.namespace, "uid": f"u{number}"}
        metadata = {**marks, **place, "resourceVersion": "7"}
        return {"metadata": metadata, "type": "Opaque", "data": {"password": "eA=="}}

    fleet.forget_requests()
    lists = faults.both(SECRETS_ONLY, lambda seen: not seen.name)
    fleet.west.proxy.inject(hostile.told(copied, 2000, when=lists))
    await fleet.west.proxy.renew()
    await goes_on(fleet, fleet.east)
    await asyncio.sleep(2.0)
    assert [seen for seen in fleet.east.writes() if seen.method == "DELETE"] == []
    assert fleet.hub.writes() == []
    assert await fleet.data(fleet.east, "other") == TWO
    await fleet.withdraw("other")
    await fleet.gone(fleet.east, name="other")
    assert (await fleet.meta(fleet.hub, "src")).labels in (None, {})


async def test_forged_marks_of_thousands_do_not_make_us_ask_the_hub(fleet: Fleet) -> None:
    await in_step(fleet)
    ours = read_marker((await fleet.meta(fleet.west)).annotations or {})
    assert ours is not None

    def forged(number: int) -> dict[str, Any]:
        place = {"namespace": fleet.namespace, "name": f"ghost{number}"}
        marker = msgspec.structs.replace(
            ours, intent_name=f"ghost{number}", intent_uid=f"u{number}", mac="", **place
        )
        text = codec.encode_canonical(marker).decode()
        labels = {HUB_LABEL: marker.hub.replace("-", "")[:16]}
        annotations = {OWNER_ANNOTATION: text}
        metadata = {**place, "uid": f"u{number}", "resourceVersion": "7", "labels": labels}
        return {"metadata": {**metadata, "annotations": annotations}}

    fleet.forget_requests()
    lists = faults.both(SECRETS_ONLY, lambda seen: not seen.name)
    shown = fleet.west.proxy.inject(hostile.told(forged, 2000, when=lists))
    await fleet.west.proxy.renew()
    await eventually(partial(_struck, shown))
    await goes_on(fleet, fleet.east)
    await asyncio.sleep(2.0)
    assert len(fleet.hub.proxy.requests) < 100
    assert [seen for seen in fleet.west.writes() if seen.method == "DELETE"] == []


async def test_a_member_that_becomes_another_in_the_middle_gets_nothing_more(fleet: Fleet) -> None:
    await in_step(fleet)
    real = await asyncio.to_thread(
        fleet.west.plane.api.must, "GET", "/api/v1/namespaces/kube-system"
    )
    other = mask("other").uid.encode()
    swapped = Edit(block=lambda block: block.replace(real["metadata"]["uid"].encode(), other))
    fault = fleet.west.proxy.inject(hostile.edited(swapped, when=NAMESPACES_ONLY))
    await fleet.west.proxy.renew()
    await fleet.stands("Held", "IdentityChanged", fleet.west)
    fleet.forget_requests()
    await goes_on(fleet, fleet.east)
    await fleet.quiet()
    assert fleet.west.writes() == []
    assert await fleet.data(fleet.west) == ONE
    await fleet.west.proxy.heal(fault)


async def test_a_flood_of_namespaces_and_endless_answers_fill_no_memory(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    async with process(fleet) as controller:
        await fleet.delivered(ONE, fleet.east, fleet.west, timeout_s=60)
        for fault in (
            hostile.told(namespace, 1_000_000, when=NAMESPACES_ONLY),
            hostile.endless(when=LISTS),
        ):
            fleet.west.proxy.inject(fault)
            await fleet.west.proxy.renew()
            await goes_on(fleet, fleet.east)
            await eventually(partial(_struck, fault), timeout_s=60)
            await asyncio.sleep(5.0)
            await goes_on(fleet, fleet.east, data=THREE)
            await fleet.west.proxy.heal(fault)
        assert controller.is_running
        assert controller.peak_mib < PEAK_MIB
    await forget_lead(fleet)
    assert not find_canary((fleet.directory / "said.log").read_bytes())


async def _struck(fault: faults.Fault) -> bool:
    return fault.struck > 0


async def test_a_member_that_lists_no_end_is_named_and_others_are_served(fleet: Fleet) -> None:
    circular = hostile.told(namespace, 1, is_endless=True, version="7", when=NAMESPACES_ONLY)
    forever = faults.both(NAMESPACES_ONLY, lambda seen: not seen.name)
    circular.when = forever
    fleet.west.proxy.inject(faults.error(422, "Invalid", when=faults.both(forever, faults.watches)))
    fleet.west.proxy.inject(circular)
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    assert await fleet.data(fleet.west) is None
    assert HUB_LABEL not in ((await fleet.meta(fleet.hub, "src")).labels or {})
    listed = await fleet.east.client.list_metadata(SECRETS, labels=HUB_LABEL)
    assert {item.name for item in listed if item.namespace == fleet.namespace} == {"db"}
