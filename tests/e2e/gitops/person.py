# SPDX-License-Identifier: Apache-2.0
"""Somebody who seals secrets for both clusters and commits what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from tests.e2e.gitops.repository import Repository
from tests.e2e.harness import Program, Result

from keyfleet.testing.canary import CANARY_PREFIX


def plaintext(namespace: str, name: str, values: Mapping[str, str]) -> str:
    """Return a Secret as `kubectl create secret --dry-run=client -o yaml` prints it."""
    data = {key: f"{CANARY_PREFIX}{value}" for key, value in values.items()}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    }
    return str(yaml.safe_dump(body))


@dataclass(frozen=True)
class Person:
    """A clone, and the installed program with both contexts."""

    program: Program
    repository: Repository
    module: str

    def seals(self, name: str, values: Mapping[str, str], *words: str) -> Result:
        """Seal one plaintext for every cluster; it is never written to a file."""
        done = self.program(
            *("seal", "--clusters", "*", "--into", str(self.repository.clone), *words),
            stdin=plaintext(self.module, name, values),
        )
        assert done.code == 0, done.err
        return done

    def removes(self, name: str, cluster: str) -> None:
        """Take a cluster's sealed file out, and its line in the kustomization."""
        file = self.file(cluster, name)
        file.unlink()
        kustomization = file.with_name("kustomization.yml")
        lines = kustomization.read_text().splitlines(keepends=True)
        kustomization.write_text("".join(line for line in lines if file.name not in line))

    def pushes(self, message: str) -> list[str]:
        """Commit and push; return the files that changed, after a search for values."""
        changed = self.repository.push(message).split()
        self.repository.search()
        return sorted(changed)

    def file(self, cluster: str, name: str) -> Path:
        """Return where a cluster's sealed file lies."""
        return self.repository.module(cluster, self.module) / f"{name}.yml"
