# SPDX-License-Identifier: Apache-2.0
"""One step becomes one request, and a step without a write becomes none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from keyfleet.base.errors import InvariantError
from keyfleet.base.secret import SecretValue
from keyfleet.delivery.deliver import Delivered, deliver
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS, Resource
from keyfleet.model.places import ClusterName, IntentKey, Place
from keyfleet.model.plan import Step, Verb, Write
from keyfleet.testing.canary import canary

KEY = IntentKey("FleetSecret", "pay", "db")
PLACE = Place(ClusterName("east"), "pay", "db")
WRITE = Write("Opaque", {"password": SecretValue(canary("password"))})
WRITTEN = Metadata(name="db", namespace="pay", uid="o1", resource_version="8")


@dataclass
class Recorder:
    """Notes what it is asked to change; the writing face of `kube.client.Client`."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def create(
        self, resource: Resource, body: Mapping[str, Any], *, namespace: str
    ) -> Metadata:
        self.asked.append(("create", resource, body["metadata"]["name"], namespace))
        return WRITTEN

    async def json_patch(
        self,
        resource: Resource,
        name: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        namespace: str,
    ) -> Metadata:
        version = operations[-1]["value"]
        self.asked.append(("patch", resource, name, namespace, version))
        return WRITTEN

    async def delete(
        self, resource: Resource, name: str, *, namespace: str, uid: str, resource_version: str
    ) -> bool:
        self.asked.append(("delete", resource, name, namespace, uid, resource_version))
        return True


def step(verb: Verb, write: Write | None = WRITE) -> Step:
    return Step(KEY, PLACE, verb, write=write, uid="o1", resource_version="7")


async def carried_out(one: Step) -> tuple[list[tuple[Any, ...]], Delivered]:
    recorder = Recorder()
    delivered = await deliver(one, cast("Client", recorder))
    return recorder.asked, delivered


async def test_a_create_says_what_it_made() -> None:
    assert await carried_out(step(Verb.CREATE)) == (
        [("create", SECRETS, "db", "pay")],
        Delivered("o1", "8"),
    )


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.RELEASE])
async def test_a_change_carries_the_version_it_decided_on(verb: Verb) -> None:
    assert await carried_out(step(verb)) == (
        [("patch", SECRETS, "db", "pay", "7")],
        Delivered("o1", "8"),
    )


async def test_a_change_of_nothing_is_not_sent() -> None:
    assert await carried_out(step(Verb.UPDATE, Write("Opaque"))) == ([], Delivered("o1", "7"))


async def test_a_deletion_carries_the_object_and_version_it_decided_on() -> None:
    assert await carried_out(step(Verb.DELETE, None)) == (
        [("delete", SECRETS, "db", "pay", "o1", "7")],
        Delivered(),
    )


async def test_nothing_to_do_sends_nothing() -> None:
    assert await carried_out(step(Verb.NONE, None)) == ([], Delivered("o1", "7"))


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.UPDATE])
async def test_a_write_without_content_is_a_bug_of_ours(verb: Verb) -> None:
    with pytest.raises(InvariantError, match="nothing to write"):
        await carried_out(step(verb, None))
