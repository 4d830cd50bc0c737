# SPDX-License-Identifier: Apache-2.0
"""What a server says of itself, and of who asks."""

from typing import Any

import pytest

from keyfleet.base.errors import UnreachableError
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETSECRETS, SECRETS

ABSENT = {"kind": "Status", "reason": "NotFound"}


async def test_a_kind_is_served_when_discovery_names_it(loopback: Any, client: Client) -> None:
    group = {"groupVersion": "keyfleet.io/v1alpha1"}
    named = {**group, "resources": [{"name": "fleetsecrets"}, {"name": "fleetsecrets/status"}]}
    other = {**group, "resources": [{"name": "fleetpolicies"}]}
    loopback.on(
        "GET", *(loopback.answer(body) for body in (named, other)), loopback.answer(ABSENT, 404)
    )
    assert [await client.serves(FLEETSECRETS) for _ in range(3)] == [True, False, False]


async def test_asks_for_version_and_rights(loopback: Any, client: Client) -> None:
    loopback.on("GET", loopback.answer({"gitVersion": "v1.36.3"}))
    verdicts = [loopback.answer({"status": {"allowed": allowed}}) for allowed in (True, False)]
    loopback.on("POST", *verdicts)
    assert await client.version() == "v1.36.3"
    assert [await client.can("get", SECRETS) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("version", ["", "v1 <b>", "v" + "1" * 64])
async def test_a_version_that_is_none_is_no_answer(
    loopback: Any, client: Client, version: str
) -> None:
    """It is shown to people and stored in a status."""
    loopback.on("GET", loopback.answer({"gitVersion": version}))
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code == "api.unexpected_answer"


async def test_says_how_the_server_calls_who_asks(loopback: Any, client: Client) -> None:
    loopback.on("POST", loopback.answer({"status": {"userInfo": {"username": "eve"}}}))
    assert await client.username() == "eve"
