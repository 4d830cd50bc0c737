# SPDX-License-Identifier: Apache-2.0
"""The guide on sealed secrets, carried out as printed: one controller on a hub, two members."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.gitops.cluster import Cluster
from tests.e2e.gitops.repository import Repository
from tests.e2e.harness import Program, Result, Running, isolated

from keyfleet.localplane.fleet import LocalFleet
from keyfleet.testing.canary import canary

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "sealed-secrets.md"
NAMES = HUB, STAGING, PRODUCTION = ("hub", "staging", "production")
MODULE = "monitoring"
PRINTED = "change-me"
"""The value that the guide prints."""
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Reader:
    """Somebody who types what the guide prints, in a clone of a repository."""

    def __init__(self, repository: Repository, stack: ExitStack) -> None:
        self.repository = repository
        self.typed: dict[str, Result] = {}
        """What each block said."""
        self._shell = Program(dict(repository.environ), repository.clone)
        self._terminal = Program(dict(repository.environ), repository.origin.parent)
        self._stack = stack
        self._running: Running | None = None

    def types(self, block: str) -> None:
        """Carry out one block of commands."""
        if block.startswith("keyfleet run"):
            self._runs(block)
            return
        text = block.replace(PRINTED, canary("guide").decode())
        done = self._shell.run(["bash", "-euo", "pipefail", "-c", text])
        assert done.code == 0, f"{block}\n{done.out}\n{done.err}"
        self.typed[block] = done

    def _runs(self, block: str) -> None:
        """Start the controller in another terminal, and wait for a key in each cluster."""
        if self._running is not None:
            self._running.stop()
        now = self._shell.run(["date", "-R", "-u"]).out.strip()
        words = shlex.split(block.replace("$(date -R -u)", now))[1:]
        own = self._terminal.running(*words, "--listen", "127.0.0.1:0")
        self._running = self._stack.enter_context(own)
        for name in ("", STAGING, PRODUCTION):
            self._running.says(rf"sealing\.key_made +cluster={name} ")

    def says(self, pattern: str) -> None:
        """Wait until the controller says something."""
        assert self._running is not None
        self._running.says(pattern)


@pytest.fixture
def own_fleet() -> Iterator[LocalFleet]:
    """Planes that nobody installed anything in."""
    found = LocalFleet(NAMES)
    try:
        yield found.open()
    finally:
        found.close()


@pytest.fixture
def reader(own_fleet: LocalFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """At home with nothing but what the guide presumes: contexts, a clone, an ssh key."""
    folder = tmp_path_factory.mktemp("guide")
    environ = isolated(folder, KUBECONFIG=str(own_fleet.write_kubeconfig(folder / "kubeconfig")))
    (folder / ".ssh").mkdir(mode=0o700)
    key = folder / ".ssh" / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    repository = Repository.create(folder, environ)
    for name in (STAGING, PRODUCTION):
        repository.add_module(name, MODULE)
        own_fleet.planes[name].create_namespace(MODULE)
    repository.push("Install monitoring")
    with ExitStack() as stack:
        yield Reader(repository, stack)


@pytest.fixture
def clusters(own_fleet: LocalFleet, reader: Reader, kubectl: str) -> list[Cluster]:
    agent = Program(dict(reader.repository.environ), reader.repository.origin.parent)
    return [Cluster(own_fleet.planes[name], agent, kubectl) for name in (STAGING, PRODUCTION)]


@pytest.mark.timeout(420, func_only=True)
def test_the_guide_works_from_its_first_line_to_its_last(
    reader: Reader, clusters: list[Cluster]
) -> None:
    """What it prints is typed, and what it promises is so; the printed value is in no commit."""
    staging, production = clusters
    for block in _FENCE.findall(GUIDE.read_text()):
        reader.types(block)
        if "apply -k" in block:
            for cluster in clusters:
                cluster.has(MODULE, "grafana", {"api-key": "guide"})
                cluster.says("True", MODULE, "grafana")
        if "smtp.yaml" in block:
            staging.has(MODULE, "smtp", {"password": "guide"})
        if "keyfleet reseal" in block:
            assert reader.repository.git("status", "--porcelain", "clusters", "certs") == ""
            for cluster in clusters:
                applied = cluster.apply("-k", str(reader.repository.module(cluster.name, MODULE)))
                assert applied.code == 0, applied.err
                cluster.says("True", MODULE, "grafana")
                cluster.has(MODULE, "grafana", {"api-key": "guide"})
    reader.repository.search()
    # Its last commands share a key on purpose: one file serves both clusters from then on.
    reader.says("sealing.key_shared")
    last = [done for block, done in reader.typed.items() if "keys list --clusters" in block][-1]
    assert "the others open" in last.out + last.err
    theirs = reader.repository.module(STAGING, MODULE) / "grafana.yml"
    assert production.apply("-f", str(theirs)).code == 0
    production.says("True", MODULE, "grafana")
