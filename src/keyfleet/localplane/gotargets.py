# SPDX-License-Identifier: Apache-2.0
"""The programs that can be built from Go modules, by name.

One folder under `gomod/` holds the go.mod and go.sum of programs that share their dependencies. A
program with dependencies of its own gets a folder of its own and a line in each table here.
To raise a version: edit go.mod (kubernetes: also the `replace` lines, v0.<minor>.<patch>), run
`go mod tidy` in its folder, build, run the tests.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from keyfleet.localplane import paths

GOMOD = Path(__file__).parent / "gomod"


@dataclass(frozen=True, slots=True)
class GoModule:
    """A go.mod that ships with Keyfleet."""

    folder: str
    """Its folder under `gomod/`."""
    main: str
    """The required module whose version names the cache folder."""
    cache_prefix: str
    """What stands before the version in the cache folder's name."""
    version_variables: tuple[str, ...] = ()
    """Go packages that a linker flag tells the version: `gitVersion`, `gitMajor`, `gitMinor`."""
    tags: tuple[str, ...] = ()
    """Build tags."""

    @property
    def path(self) -> Path:
        """Where go.mod and go.sum lie."""
        return GOMOD / self.folder

    @property
    def version(self) -> str:
        """The main module's version without the `v`, as go.mod requires it."""
        return self._find(rf"^\s*{re.escape(self.main)} v(\S+)")

    @property
    def go_version(self) -> str:
        """The Go version that go.mod asks for at least."""
        return self._find(r"^go (\S+)")

    @property
    def cache_folder(self) -> Path:
        """Where its programs are kept: `<cache>/assets/<version>-<os>-<arch>`."""
        name = f"{self.cache_prefix}{self.version}-{paths.machine()}"
        return paths.cache_root() / "assets" / name

    def linker_flags(self) -> str:
        """Return the flags that make the program small and tell it its version."""
        major, minor, *_ = self.version.split(".")
        values = {
            "gitVersion": f"v{self.version}",
            "gitMajor": major,
            "gitMinor": minor,
            "gitTreeState": "clean",
            "gitCommit": "unknown",
        }
        flags = [f"-X {p}.{k}={v}" for p in self.version_variables for k, v in values.items()]
        return " ".join(["-s", "-w", *flags])

    def _find(self, pattern: str) -> str:
        found = re.search(pattern, (self.path / "go.mod").read_text(), re.MULTILINE)
        if found is None:
            raise LookupError(pattern)
        return found.group(1)


@dataclass(frozen=True, slots=True)
class GoTarget:
    """A main package of a module."""

    module: GoModule
    """What pins its sources."""
    package: str
    """Its import path."""


KUBERNETES = GoModule(
    "kubernetes",
    main="k8s.io/kubernetes",
    cache_prefix="",
    version_variables=("k8s.io/component-base/version",),
)

# 1.14 is the last Vault under the MPL, and its later patches need an sdk that was never published;
# OpenBao is on few module proxies. The program is our main.go around its core.
VAULT = GoModule("vault", main="github.com/hashicorp/vault", cache_prefix="vault-")

# Without service discovery of clouds, which is a third of it. Kept at the newest version whose
# modules every proxy has.
PROMETHEUS = GoModule(
    "prometheus",
    main="github.com/prometheus/prometheus",
    cache_prefix="prometheus-",
    tags=("remove_all_sd",),
)

# The version that our compatibility page describes. Its modules are served under the name that the
# repository had before: see the `replace` line, whose version is raised with it.
SEALED_SECRETS = GoModule(
    "kubeseal", main="github.com/bitnami/sealed-secrets", cache_prefix="sealed-secrets-"
)

SERVERS = ("etcd", "kube-apiserver")

TARGETS = {
    "etcd": GoTarget(KUBERNETES, "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": GoTarget(KUBERNETES, "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kubectl": GoTarget(KUBERNETES, "k8s.io/kubernetes/cmd/kubectl"),
    "prometheus": GoTarget(PROMETHEUS, "github.com/prometheus/prometheus/cmd/prometheus"),
    "vault": GoTarget(VAULT, "."),  # its own main.go
    "kubeseal": GoTarget(SEALED_SECRETS, "github.com/bitnami/sealed-secrets/cmd/kubeseal"),
    "sealed-secrets-oracle": GoTarget(SEALED_SECRETS, "."),  # our main.go around their code
    "sealed-secrets-controller": GoTarget(SEALED_SECRETS, "./controller"),  # the same
}
