# SPDX-License-Identifier: Apache-2.0
"""A request to a cluster that nobody connects to ends before a connection begins."""

import pytest

from keyfleet.base.errors import DeniedError
from keyfleet.kube.client import Client
from keyfleet.kube.nowhere import AGENT_ONLY_ERROR, NOWHERE, NoCredential, open_nowhere
from keyfleet.kube.resources import NAMESPACES, SECRETS
from keyfleet.testing.clock import FakeClock


async def test_every_request_is_refused_by_name() -> None:
    client = Client("edge", await open_nowhere(), clock=FakeClock())
    try:
        for ask in (
            client.find_secret("shop", "db"),
            client.list_metadata(NAMESPACES),
            client.create(SECRETS, {}, namespace="shop"),
        ):
            with pytest.raises(DeniedError) as caught:
                await ask
            assert caught.value.code == AGENT_ONLY_ERROR
    finally:
        await client.close()


async def test_no_certificate_is_shown_and_nothing_is_tried_again() -> None:
    with pytest.raises(DeniedError):
        await NoCredential().certificate()
    assert not await NoCredential().rejected()
    assert NOWHERE.endpoint.server.endswith(".invalid")
