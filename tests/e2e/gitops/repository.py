# SPDX-License-Identifier: Apache-2.0
"""A Git repository as people keep their clusters in: one folder per cluster, one per module."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keyfleet.testing.canary import find_canary

NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata:
  name: {module}
"""
RELEASE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: release
  namespace: {module}
data:
  chart: {module}
"""
KUSTOMIZATION = """\
# Written by people: what stands here stays.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- namespace.yml
- release.yml # of Helm
"""
FILES = {"kustomization.yml": KUSTOMIZATION, "namespace.yml": NAMESPACE, "release.yml": RELEASE}
_AUTHOR = {
    f"GIT_{role}_{what}": text
    for role in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "Dev"), ("EMAIL", "dev@y-corp.example"))
}


@dataclass(frozen=True)
class Repository:
    """A bare repository and somebody's clone of it."""

    origin: Path
    clone: Path
    environ: Mapping[str, str]
    """Of that person's programs; hooks run in it."""

    @classmethod
    def create(cls, folder: Path, environ: Mapping[str, str]) -> "Repository":
        """Make both, with nothing in them."""
        own = {**environ, **_AUTHOR, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        made = cls(folder / "fleet.git", folder / "fleet", own)
        made._git("init", "--quiet", "--bare", "--initial-branch=main", str(made.origin), at=folder)
        made._git("clone", "--quiet", str(made.origin), str(made.clone), at=folder)
        made.git("checkout", "--quiet", "-B", "main")
        return made

    def add_module(self, cluster: str, module: str) -> None:
        """Write a module's files, as they are before it needs a secret."""
        folder = self.module(cluster, module)
        folder.mkdir(parents=True)
        for name, text in FILES.items():
            (folder / name).write_text(text.format(module=module))

    def module(self, cluster: str, module: str) -> Path:
        return self.clone / "clusters" / cluster / module

    def git(self, *words: str) -> str:
        """Run Git in the clone; return what it printed."""
        return self._git(*words, at=self.clone)

    def try_git(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run Git in the clone, whatever its end."""
        return self._run(*words, at=self.clone)

    def push(self, message: str) -> str:
        """Commit all that there is, and push it; return the names of the files that changed."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("show", "--name-only", "--format=", "HEAD")

    def checked_out(self, folder: Path) -> Path:
        """Return what a cluster's agent pulled: a clone of its own, at what was pushed last."""
        if folder.exists():
            self._git("pull", "--quiet", "--ff-only", at=folder)
        else:
            self._git("clone", "--quiet", str(self.origin), str(folder), at=self.origin)
        return folder

    def search(self) -> int:
        """Search every object of both repositories, reachable or not, and every file for canaries.

        Returns:
            How many reachable objects the history has.
        """
        for place in (self.origin, self.clone):
            every = self._bytes("cat-file", "--batch-all-objects", "--batch", at=place)
            assert not find_canary(every), "a value in an object of Git"
        for path in self.clone.rglob("*"):
            assert not path.is_file() or not find_canary(path.read_bytes()), f"a value in {path}"
        reachable = self._git("rev-list", "--objects", "--all", at=self.origin).splitlines()
        for line in reachable:
            text = self._bytes("cat-file", "-p", line.split()[0], at=self.origin)
            assert not find_canary(text), f"a value in {line}"
        return len(reachable)

    def _git(self, *words: str, at: Path) -> str:
        done = self._run(*words, at=at)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *words: str, at: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["git", *words],
            cwd=at,
            env=dict(self.environ),
            capture_output=True,
            check=False,
            text=True,
        )

    def _bytes(self, *words: str, at: Path) -> bytes:
        done = subprocess.run(
            ["git", *words], cwd=at, env=dict(self.environ), capture_output=True, check=True
        )
        return done.stdout
