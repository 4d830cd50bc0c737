# SPDX-License-Identifier: Apache-2.0
"""A real API server for the contracts that need one."""

from collections.abc import Iterator

import pytest
from tests.contract.servers import MemoryServer, RealServer, Server

from keyfleet.localplane import ControlPlane, assets


@pytest.fixture(scope="session")
def real_plane() -> Iterator[ControlPlane]:
    """A plane of these tests alone."""
    plane = ControlPlane("contract")
    try:
        plane.open(assets.ensure())
        yield plane
    finally:
        plane.close()


@pytest.fixture(params=["memory", "real"])
def server(request: pytest.FixtureRequest) -> Server:
    """An API server: one in memory, then a real one."""
    if request.param == "memory":
        return MemoryServer()
    return RealServer(request.getfixturevalue("real_plane"))
