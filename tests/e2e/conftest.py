# SPDX-License-Identifier: Apache-2.0
"""Real planes for the installed program, as a user starts it; tests are kept apart by namespace."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.harness import Objects, Program, Result, Running, isolated

from keyfleet.localplane import ControlPlane, assets, kubeconfigs
from keyfleet.localplane.fleet import LocalFleet

NAMES = ("hub", "east", "west")


@pytest.fixture(scope="session")
def fleet() -> Iterator[LocalFleet]:
    """Three planes for the whole run; none of them knows Keyfleet yet."""
    found = LocalFleet(NAMES)
    try:
        yield found.open()
    finally:
        found.close()


@pytest.fixture(scope="session")
def kubeconfig(fleet: LocalFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fleet.write_kubeconfig(tmp_path_factory.mktemp("fleet") / "kubeconfig")


@pytest.fixture
def keyfleet(kubeconfig: Path, tmp_path: Path) -> Program:
    """The program of a person who has just got these three contexts."""
    return Program(isolated(tmp_path, KUBECONFIG=str(kubeconfig)), tmp_path)


@pytest.fixture(scope="session")
def installed(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """What the first `keyfleet install` on the hub said."""
    folder = tmp_path_factory.mktemp("install")
    return Program(isolated(folder, KUBECONFIG=str(kubeconfig)), folder)("install", "-o", "json")


@pytest.fixture(scope="session")
def controller(
    installed: Result, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """`keyfleet run` for the rest of the run."""
    assert installed.code == 0
    folder = tmp_path_factory.mktemp("controller")
    program = Program(isolated(folder, KUBECONFIG=str(kubeconfig)), folder)
    with program.running("run", "--listen", "127.0.0.1:0") as running:
        for name in NAMES:
            running.says(rf"cluster_ready +cluster={name}")
        yield running


@pytest.fixture
def namespace(fleet: LocalFleet) -> Iterator[str]:
    """A namespace of this test alone, on every plane."""
    name = f"e2e-{secrets.token_hex(4)}"
    for plane in fleet.planes.values():
        plane.create_namespace(name)
    yield name
    for plane in fleet.planes.values():
        plane.finalize_namespace(name)


@pytest.fixture
def objects(fleet: LocalFleet, namespace: str) -> Objects:
    return Objects(fleet, namespace)


@pytest.fixture(scope="session")
def kubectl() -> str:
    """The system's kubectl, else one that is built and kept in the cache."""
    return shutil.which("kubectl") or str(assets.ensure_tool("kubectl"))


@pytest.fixture
def extra_planes() -> Iterator[Callable[..., dict[str, ControlPlane]]]:
    """A function that starts more planes for one test."""
    with ExitStack() as stack:

        def start(*names: str) -> dict[str, ControlPlane]:
            found = LocalFleet(names)
            stack.callback(found.close)
            return found.open().planes

        yield start


@pytest.fixture
def write_kubeconfig(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a kubeconfig whose contexts mean the planes given."""

    def write(name: str, **contexts: ControlPlane) -> Path:
        configs = [plane.kubeconfig(context=context) for context, plane in contexts.items()]
        return kubeconfigs.write(tmp_path / name, kubeconfigs.merged(configs))

    return write
