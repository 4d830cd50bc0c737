# SPDX-License-Identifier: Apache-2.0
"""Two clusters that follow one repository, with a controller in each, as users set it up."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.gitops.cluster import Cluster
from tests.e2e.gitops.person import Person
from tests.e2e.gitops.repository import Repository
from tests.e2e.harness import Program, isolated

from keyfleet.localplane.fleet import LocalFleet

STAGING, PRODUCTION = NAMES = ("y-corp-staging", "y-corp-production")


@pytest.fixture(scope="package")
def fleet() -> Iterator[LocalFleet]:
    """Planes of these tests alone."""
    found = LocalFleet(NAMES)
    try:
        yield found.open()
    finally:
        found.close()


@pytest.fixture(scope="package")
def kubeconfig(fleet: LocalFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two contexts of a person; each controller knows only its own."""
    return fleet.write_kubeconfig(tmp_path_factory.mktemp("gitops") / "kubeconfig")


@pytest.fixture(scope="package")
def user(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("gitops-user")
    return Program(isolated(folder, KUBECONFIG=str(kubeconfig)), folder)


@pytest.fixture(scope="package")
def clusters(
    fleet: LocalFleet, user: Program, kubectl: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, Cluster]]:
    """Staging and production, where SealedSecrets are served."""
    with ExitStack() as stack:
        with ThreadPoolExecutor(len(NAMES)) as pool:
            list(pool.map(lambda name: _install(user, name), NAMES))
        staging, production = (
            _cluster(stack, fleet, name, kubectl, tmp_path_factory.mktemp(name)) for name in NAMES
        )
        yield staging, production


def _install(user: Program, name: str) -> None:
    done = user("install", "--dialect", "sealed-secrets", "--context", name)
    assert done.code == 0, done.err


def _cluster(stack: ExitStack, fleet: LocalFleet, name: str, kubectl: str, folder: Path) -> Cluster:
    plane = fleet.planes[name]
    path = plane.write_kubeconfig(folder / "kubeconfig")
    agent = Program(isolated(folder, KUBECONFIG=str(path)), folder)
    running = stack.enter_context(agent.running("run", "--listen", "127.0.0.1:0"))
    running.says(rf"cluster_ready +cluster={name}")
    # It makes its key while it works: people seal once there is one.
    running.says(r"sealing\.key_made")
    return Cluster(plane, agent, kubectl)


@pytest.fixture
def person(user: Program, tmp_path: Path) -> Person:
    """Somebody's clone: one module of this test alone in each cluster, that has no secret yet."""
    repository, module = Repository.create(tmp_path, user.environ), f"m-{secrets.token_hex(4)}"
    for name in NAMES:
        repository.add_module(name, module)
    repository.push("Install a module")
    return Person(user, repository, module)
