# SPDX-License-Identifier: Apache-2.0
"""What the client makes of answers to writes; the rules of a real server are in tests/cluster."""

from typing import Any

from keyfleet.kube.client import Client
from keyfleet.kube.resources import SECRETS
from keyfleet.testing.canary import find_canary

ABSENT = {"kind": "Status", "reason": "NotFound"}


async def test_deleting_what_is_absent_is_no_error(loopback: Any, client: Client) -> None:
    loopback.on("DELETE", loopback.answer({}), loopback.answer(ABSENT, 404))
    assert await client.delete(SECRETS, "b", namespace="a")
    assert not await client.delete(SECRETS, "b", namespace="a")


async def test_a_write_brings_no_value_back(loopback: Any, client: Client) -> None:
    """A server answers with the whole object; only its metadata are kept."""
    answered = {
        "metadata": {"name": "b", "namespace": "a", "resourceVersion": "7"},
        "data": {"k": "a2YtY2FuYXJ5LXY="},
    }
    loopback.on("POST", loopback.answer(answered))
    made = await client.create(SECRETS, answered, namespace="a")
    assert (made.key, made.resource_version) == (("a", "b"), "7")
    assert not find_canary(repr(made))
