# SPDX-License-Identifier: Apache-2.0
"""The guide on sealed secrets, carried out as printed: one controller on a hub, two members."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.gitops.repository import Repository
from tests.e2e.harness import Program, isolated

from keyfleet.localplane.fleet import LocalFleet
from keyfleet.testing.canary import canary

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "sealed-secrets.md"
NAMES = HUB, STAGING, PRODUCTION = ("hub", "staging", "production")
MODULE = "monitoring"
PRINTED = "change-me"
"""The value that the guide prints."""
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def own_fleet() -> Iterator[LocalFleet]:
    """Planes that nobody installed anything in."""
    found = LocalFleet(NAMES)
    try:
        yield found.open()
    finally:
        found.close()


class Reader:
    """Somebody who types what the guide prints, in a clone of a repository."""

    def __init__(self, repository: Repository, environ: dict[str, str], stack: ExitStack) -> None:
        self._shell = Program({**repository.environ, **environ}, repository.clone)
        self._terminals = Program(environ, repository.origin.parent)
        self._stack = stack

    def types(self, block: str) -> None:
        """Carry out one block of commands."""
        if block.startswith("keyfleet run"):
            words = block.split()[1:]
            running = self._terminals.running(*words, "--listen", "127.0.0.1:0")
            for name in NAMES:
                self._stack.enter_context(running).says(rf"cluster_ready +cluster={name}")
            return
        text = block.replace(PRINTED, canary("guide").decode())
        done = self._shell.run(["bash", "-euo", "pipefail", "-c", text])
        assert done.code == 0, f"{block}\n{done.out}\n{done.err}"


@pytest.fixture(scope="module")
def reader(own_fleet: LocalFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """At home with nothing but the contexts, `kubectl` and the clone that the guide presumes."""
    folder = tmp_path_factory.mktemp("guide")
    environ = isolated(folder, KUBECONFIG=str(own_fleet.write_kubeconfig(folder / "kubeconfig")))
    repository = Repository.create(folder, environ)
    for name in (STAGING, PRODUCTION):
        repository.add_module(name, MODULE)
        own_fleet.planes[name].create_namespace(MODULE)
    repository.push("Install monitoring")
    with ExitStack() as stack:
        yield Reader(repository, environ, stack)


def blocks() -> list[str]:
    """Return what the guide tells to type, in order."""
    return _FENCE.findall(GUIDE.read_text())


def test_the_guide_is_carried_out_from_its_first_line_to_its_last(
    reader: Reader, own_fleet: LocalFleet
) -> None:
    for block in blocks():
        reader.types(block)
