# SPDX-License-Identifier: Apache-2.0
"""Stores of AWS at moto, and at a stub that answers as a test says."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiobotocore.session import get_session
from tests.cluster.sources.aws.stores import REGION, Rig
from tests.cluster.sources.aws.stub import Stub

from keyfleet.localplane.moto import Moto
from keyfleet.sources.aws.library import prepare

Admin = Callable[[str], Awaitable[Any]]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own AWS settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)


@pytest.fixture
async def rig(moto: Moto) -> AsyncIterator[Rig]:
    """Stores at moto."""
    found = Rig(moto.url, {"AWS_ENDPOINT_URL": moto.url})
    async with found.resources:
        yield found


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server that answers as the test says."""
    async with Stub() as server:
        yield server


@pytest.fixture
async def stubbed(stub: Stub) -> AsyncIterator[Rig]:
    """Stores at the stub."""
    found = Rig(stub.url, {"AWS_ENDPOINT_URL": stub.url})
    async with found.resources:
        yield found


@pytest.fixture
async def admin(moto: Moto) -> AsyncIterator[Admin]:
    """Clients with which a test fills moto."""
    prepare("ssm")  # its loggers show values
    async with AsyncExitStack() as stack:

        async def client(service: str) -> Any:
            made = get_session().create_client(
                service,
                region_name=REGION,
                endpoint_url=moto.url,
                aws_access_key_id="made-up",
                aws_secret_access_key="made-up",
            )
            return await stack.enter_async_context(made)

        yield client
