# SPDX-License-Identifier: Apache-2.0
"""Real control planes, started once per run; tests are kept apart by namespace."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack

import pytest

from keyfleet.localplane import ControlPlane, FaultProxy, assets

NAMES = ("hub", "east", "west")


@pytest.fixture(scope="session")
def planes(request: pytest.FixtureRequest) -> Iterator[dict[str, ControlPlane]]:
    """The planes that the chosen tests ask for, started together; `hub` is always among them."""
    asked = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    names = [name for name in NAMES if name in asked or name == "hub"]
    folder = assets.ensure()
    with ExitStack() as stack:
        found = {name: ControlPlane(name) for name in names}
        for plane in found.values():
            stack.callback(plane.close)
        with ThreadPoolExecutor(len(names), thread_name_prefix="plane") as pool:
            list(pool.map(lambda plane: plane.open(folder), found.values()))
        yield found


@pytest.fixture(scope="session")
def hub(planes: dict[str, ControlPlane]) -> ControlPlane:
    return planes["hub"]


@pytest.fixture(scope="session")
def east(planes: dict[str, ControlPlane]) -> ControlPlane:
    return planes["east"]


@pytest.fixture(scope="session")
def west(planes: dict[str, ControlPlane]) -> ControlPlane:
    return planes["west"]


@pytest.fixture
def namespace(planes: dict[str, ControlPlane], request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of this test alone, on its planes; it goes, with all in it, afterwards."""
    name = f"test-{secrets.token_hex(5)}"
    asked = [planes[plane] for plane in NAMES if plane in request.fixturenames]
    for plane in asked:
        plane.create_namespace(name)
    yield name
    for plane in asked:
        plane.finalize_namespace(name)


@pytest.fixture
async def fault_proxy() -> AsyncIterator[Callable[[ControlPlane], Awaitable[FaultProxy]]]:
    """A function that puts a `FaultProxy` in front of a plane, for this test."""
    async with AsyncExitStack() as stack:

        async def start(plane: ControlPlane) -> FaultProxy:
            return await stack.enter_async_context(FaultProxy(plane))

        yield start
