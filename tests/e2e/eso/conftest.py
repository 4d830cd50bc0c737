# SPDX-License-Identifier: Apache-2.0
"""A fleet that serves External Secrets as a user installs it, with a real server of AWS' API."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.e2e.eso.aws import Account
from tests.e2e.eso.front import Front
from tests.e2e.eso.shop import Shop
from tests.e2e.harness import Program, Running, isolated

from keyfleet.localplane.fleet import LocalFleet
from keyfleet.localplane.moto import Moto

MEMBERS = ("east", "west")
NAMES = ("hub", *MEMBERS)


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
    return fleet.write_kubeconfig(tmp_path_factory.mktemp("eso-fleet") / "kubeconfig")


@pytest.fixture(scope="package")
def aws() -> Iterator[Account]:
    """An account of these tests alone: they stop its server."""
    with Moto() as server:
        yield Account(server)


@pytest.fixture(scope="package")
def ssm(aws: Account) -> Iterator[Front]:
    """What stands in front of its Parameter Store."""
    with Front(aws.server.url) as front:
        yield front


@pytest.fixture(scope="package")
def user(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("eso-user")
    return Program(isolated(folder, KUBECONFIG=str(kubeconfig)), folder)


@pytest.fixture(scope="package")
def kinds(user: Program) -> None:
    """External Secrets' kinds, installed as the guide says."""
    kinds = ("--dialect", "eso", "--no-wait", "--context")
    commands: list[tuple[str, ...]] = [("install", *kinds, "hub")]
    commands += [("install", "--member", *kinds, name) for name in MEMBERS]
    with ThreadPoolExecutor(len(commands)) as pool:
        for done in pool.map(lambda words: user(*words), commands):
            assert done.code == 0, done.err


@pytest.fixture(scope="package")
def controller(kinds: None, user: Program, aws: Account, ssm: Front) -> Iterator[Running]:
    """`keyfleet run`, told nothing of AWS but where its API is."""
    del kinds
    where = {"AWS_ENDPOINT_URL": aws.server.url, "AWS_SSM_ENDPOINT": ssm.url}
    with user.running("run", "--listen", "127.0.0.1:0", **where) as running:
        for name in NAMES:
            running.says(rf"cluster_ready +cluster={name}")
        yield running


@pytest.fixture
def shop(fleet: LocalFleet, namespace: str, controller: Running, ssm: Front) -> Iterator[Shop]:
    """A namespace of this test alone, in a fleet that is served."""
    assert controller.process.poll() is None
    yield Shop(fleet, namespace)
    ssm.open()
