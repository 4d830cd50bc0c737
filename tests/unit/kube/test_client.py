# SPDX-License-Identifier: Apache-2.0
"""What holds for reads, writes and inquiries alike."""

from typing import Any

import pytest

from keyfleet.base.errors import UnreachableError
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SECRETS

SECRET = {
    "metadata": {"name": "b", "namespace": "a", "resourceVersion": "7"},
    "data": {"k": "a2YtY2FuYXJ5LXY="},
}


async def test_an_empty_answer_is_neither_an_object_nor_an_absence(
    loopback: Any, client: Client
) -> None:
    for method in ("GET", "POST"):
        loopback.on(method, loopback.answer({}))
    for asked in (
        client.get(SECRETS, "b", namespace="a"),
        client.find_metadata(SECRETS, "b", namespace="a"),
        client.find_secret("a", "b"),
        client.list(SECRETS),
        client.create(SECRETS, SECRET),
        client.serves(SECRETS),
        client.version(),
        client.can("get", SECRETS),
    ):
        with pytest.raises(UnreachableError) as caught:
            await asked
        assert caught.value.code == "api.unexpected_answer"
