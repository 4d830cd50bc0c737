# SPDX-License-Identifier: Apache-2.0
"""What no API server takes is refused before anything is written; anew is made only what may be."""

from typing import Any

import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import faults
from keyfleet.plan.checks import ANNOTATIONS_MAX_BYTES, DATA_MAX_BYTES
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}
OTHER_TYPE = "keyfleet.test/other"
RECREATE = {"replace": "Recreate"}


async def start(fleet: Fleet, **spec: Any) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west, **spec)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)


def filled(size: int) -> dict[str, bytes]:
    """Return values of so many bytes in all, in two keys."""
    value = canary("large").ljust(size // 2, b".")
    return {"a": value, "b": value + b"." * (size - 2 * len(value))}


@pytest.mark.parametrize(("more", "is_taken"), [(0, True), (1, False)])
async def test_the_limit_of_the_data_is_the_api_servers_own(
    fleet: Fleet, more: int, is_taken: bool
) -> None:
    """1,048,576 bytes of values; key names do not count."""
    data = filled(DATA_MAX_BYTES + more)
    try:
        await fleet.write_secret(fleet.east, "large", data)
    except KeyfleetError:
        assert not is_taken
    else:
        assert is_taken


@pytest.mark.parametrize(("more", "is_taken"), [(0, True), (1, False)])
async def test_the_limit_of_the_annotations_is_the_api_servers_own(
    fleet: Fleet, more: int, is_taken: bool
) -> None:
    """262,144 bytes of names and values, also beside a Secret that is full."""
    notes = {"example.com/note": "x" * (ANNOTATIONS_MAX_BYTES - len("example.com/note") + more)}
    try:
        await fleet.write_secret(fleet.east, "large", filled(DATA_MAX_BYTES), annotations=notes)
    except KeyfleetError:
        assert not is_taken
    else:
        assert is_taken


async def test_a_full_secret_is_delivered(fleet: Fleet) -> None:
    await start(fleet)
    data = filled(DATA_MAX_BYTES)
    await fleet.set_data(fleet.hub, "src", data)
    await fleet.delivered(data, fleet.east, fleet.west)


async def test_what_is_too_large_is_written_nowhere(fleet: Fleet) -> None:
    """A source of 1 MiB fits into the hub; with another name for a key it is written twice."""
    keys = [{"from": "password"}, {"from": "password", "to": "copy"}]
    await start(fleet)
    half = {"password": canary("half").ljust(DATA_MAX_BYTES // 2 + 1, b".")}
    fleet.forget_requests()
    await fleet.edit({"data": keys})
    await fleet.delivered({**ONE, "copy": ONE["password"]}, fleet.east, fleet.west)
    await fleet.set_data(fleet.hub, "src", half)
    await fleet.stands("Failed", "TooLarge", fleet.east)
    await fleet.stands("Failed", "TooLarge", fleet.west)
    await fleet.quiet()
    assert await fleet.data(fleet.east) == {**ONE, "copy": ONE["password"]}
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered({**TWO, "copy": TWO["password"]}, fleet.east, fleet.west)


async def make_immutable(fleet: Fleet) -> str:
    await fleet.patch_secret(fleet.east, "db", {"immutable": True})
    return (await fleet.meta(fleet.east)).uid


async def test_an_immutable_target_is_kept_and_named(fleet: Fleet) -> None:
    await start(fleet)
    await make_immutable(fleet)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.stands("Failed", "Immutable", fleet.east)
    await fleet.delivered(TWO, fleet.west)
    assert await fleet.data(fleet.east) == ONE


async def test_an_immutable_target_is_made_anew_where_that_was_asked_for(fleet: Fleet) -> None:
    await start(fleet, **RECREATE)
    before = await make_immutable(fleet)
    await fleet.patch_secret(fleet.east, "db", {"metadata": {"labels": {"theirs": "kept"}}})
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east)
    after = await fleet.meta(fleet.east)
    assert after.uid != before
    assert (after.labels or {}).get("theirs") == "kept"
    fleet.forget_requests()
    await fleet.quiet()
    assert fleet.east.writes() == []
    # It is an ordinary target again.
    await fleet.set_data(fleet.hub, "src", ONE)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    assert (await fleet.meta(fleet.east)).uid == after.uid


async def test_a_changed_type_is_refused_until_recreate_is_asked_for(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.edit({"template": {"type": OTHER_TYPE}})
    await fleet.stands("Failed", "TypeChanged", fleet.east)
    assert await fleet.data(fleet.east) == ONE
    await fleet.edit(RECREATE)
    await fleet.in_sync(fleet.east, fleet.west)
    found = await fleet.east.client.find_secret(fleet.namespace, "db")
    assert found is not None
    assert found.type == OTHER_TYPE


async def test_a_place_that_was_cleared_and_not_filled_is_filled_by_the_next_try(
    fleet: Fleet,
) -> None:
    """The delete is answered and the create is not: the place is empty only until the retry."""
    await start(fleet, **RECREATE)
    await make_immutable(fleet)
    fault = fleet.east.proxy.inject(faults.error(500, when=faults.on("secrets", "POST"), times=3))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east)
    assert fault.struck == 3


async def test_many_targets_made_anew_are_no_mass_deletion(fleet: Fleet) -> None:
    await start(fleet, **RECREATE)
    labels = {"anew": fleet.namespace}
    for number in range(12):
        await fleet.add_namespace(f"anew-{number}", fleet.east, labels=labels)
    selector = {"matchLabels": labels}
    every = {"clusters": {"names": ["*"]}, "namespaces": {"selector": selector}}
    await fleet.grant("anew", targets=every)
    await fleet.edit({"placement": {"namespaces": {"selector": selector}}})

    async def have_type(type_: str) -> bool:
        found = [
            await fleet.east.client.find_secret(f"{fleet.namespace}-anew-{number}", "db")
            for number in range(12)
        ]
        return all(one is not None and one.type == type_ for one in found)

    await eventually(lambda: have_type("Opaque"))
    await fleet.edit({"template": {"type": OTHER_TYPE}})
    await eventually(lambda: have_type(OTHER_TYPE), what="not all targets were made anew")
