# SPDX-License-Identifier: Apache-2.0
"""The installed program as a process, and objects that are written past it."""

import base64
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest

from keyfleet.localplane import paths
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.testing.canary import CANARY_PREFIX, find_canary

BIN = Path(sys.executable).parent
PATIENCE_S = 60.0

_pause = threading.Event()


@dataclass(frozen=True)
class Result:
    """How a command ended; no value of a secret was in what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)


@dataclass
class Program:
    """The installed `keyfleet`, in an environment of its own."""

    environ: dict[str, str]
    folder: Path

    def __call__(self, *words: str, stdin: str | None = None, **environ: str) -> Result:
        """Run it to its end."""
        return self.run([str(BIN / "keyfleet"), *words], stdin=stdin, **environ)

    def run(self, argv: list[str], *, stdin: str | None = None, **environ: str) -> Result:
        """Run any program in the same environment."""
        done = subprocess.run(
            argv,
            input=stdin if stdin is not None else "",
            capture_output=True,
            check=False,
            text=True,
            env={**self.environ, **environ},
            cwd=self.folder,
            timeout=PATIENCE_S * 2,
        )
        assert not find_canary(done.stdout), "a value on standard output"
        assert not find_canary(done.stderr), "a value on standard error"
        assert "Traceback" not in done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *words: str, **environ: str) -> Iterator["Running"]:
        """Run it beside the test; it is stopped at the end, whatever happened."""
        log = self.folder / f"running-{secrets.token_hex(3)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(BIN / "keyfleet"), *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environ, **environ},
                cwd=self.folder,
            )
        try:
            yield Running(process, log)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE_S)
        assert not find_canary(log.read_bytes()), "a value in the log"


@dataclass(frozen=True)
class Running:
    """A command that runs beside the test."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def says(self, pattern: str) -> "re.Match[str]":
        """Wait until it printed something."""
        deadline = monotonic() + PATIENCE_S
        while monotonic() < deadline:
            if found := re.search(pattern, self.log.read_text()):
                return found
            assert self.process.poll() is None, self.log.read_text()
            _pause.wait(0.05)
        pytest.fail(f"{pattern} was not printed:\n{self.log.read_text()}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def isolated(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing of this machine's user counts."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("KEYFLEET_")}
    for name in ("KUBECONFIG", "NO_COLOR", "LC_ALL", "LC_CTYPE"):
        own.pop(name, None)
    return {
        **own,
        "PATH": f"{BIN}{os.pathsep}{own.get('PATH', '')}",
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "KEYFLEET_CACHE": str(paths.cache_root()),
        **more,
    }


@dataclass(frozen=True)
class Objects:
    """Objects of one namespace, written past Keyfleet."""

    fleet: LocalFleet
    namespace: str

    def secret(self, cluster: str, name: str, data: Mapping[str, str], **metadata: Any) -> None:
        """Create a Secret or replace its data; values are canaries."""
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": self.namespace, **metadata},
            "data": {
                key: base64.b64encode(f"{CANARY_PREFIX}{value}".encode()).decode()
                for key, value in data.items()
            },
        }
        api, path = self.fleet.planes[cluster].api, self.path("secrets")
        if self.read(cluster, name) is None:
            api.must("POST", path, body)
        else:
            api.must("PUT", f"{path}/{name}", body)

    def read(self, cluster: str, name: str) -> dict[str, str] | None:
        """Return the values of a Secret without their canary; None: absent."""
        answer = self.fleet.planes[cluster].api.call("GET", f"{self.path('secrets')}/{name}")
        if answer.status != 200:
            return None
        data = answer.json().get("data") or {}
        return {
            key: base64.b64decode(value).decode().removeprefix(CANARY_PREFIX)
            for key, value in data.items()
        }

    def delete(self, cluster: str, name: str, plural: str = "secrets") -> None:
        self.fleet.planes[cluster].api.must("DELETE", f"{self.path(plural)}/{name}")

    def path(self, plural: str) -> str:
        """Return where a kind is served for this namespace."""
        group = "/api/v1" if plural == "secrets" else "/apis/keyfleet.io/v1alpha1"
        return f"{group}/namespaces/{self.namespace}/{plural}"

    def declare(self, name: str, source: str, *clusters: str, **spec: Any) -> None:
        """Create a FleetSecret on the hub."""
        body = self.manifest(name, source, *clusters, **spec)
        self.fleet.planes["hub"].api.must("POST", self.path("fleetsecrets"), body)

    def manifest(self, name: str, source: str, *clusters: str, **spec: Any) -> dict[str, Any]:
        """Return a FleetSecret."""
        return {
            "apiVersion": "keyfleet.io/v1alpha1",
            "kind": "FleetSecret",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "source": {"secretRef": {"name": source}},
                "placement": {"clusters": {"names": list(clusters)}},
                **spec,
            },
        }


def eventually(is_true: Callable[[], object], *, what: str = "") -> None:
    """Look until it is true."""
    deadline = monotonic() + PATIENCE_S
    while not is_true():
        assert monotonic() < deadline, what or "it did not become true in time"
        _pause.wait(0.05)
