# SPDX-License-Identifier: Apache-2.0
"""Keyfleet and the real kubeseal, side by side on the same input."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.e2e.harness import Program

from keyfleet.base import codec
from keyfleet.base.sealing import Keyset, load_key, scope_of
from keyfleet.cli.running import run
from keyfleet.cli.sealing.files.documents import read_documents
from keyfleet.testing.canary import find_canary
from keyfleet.testing.sealing import key_pair

KEYS = {name: key_pair(name) for name in ("one", "other")}
PRUNED = ("creationTimestamp", "ownerReferences")


@dataclass(frozen=True)
class Partners:
    """Both programs; files are named below their folder."""

    keyfleet: Program
    kubeseal: Path
    folder: Path

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def theirs(self, *words: str, stdin: str = "", **environ: str) -> "Said":
        """Run kubeseal; it may print values, which is why nobody looks for canaries here."""
        done = subprocess.run(
            [str(self.kubeseal), *words],
            input=stdin.encode(),
            capture_output=True,
            check=False,
            env={**self.keyfleet.environ, **environ},
            cwd=self.folder,
            timeout=60,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def ours(self, *words: str, stdin: str = "", **environ: str) -> "Said":
        """Run `keyfleet seal` in this process, which takes a tenth of the time of another one."""
        found = io.StringIO(), io.StringIO()
        environ = {**self.keyfleet.environ, **environ}
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            mock.patch.object(sys, "argv", ["keyfleet"]),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(found[0]),
            contextlib.redirect_stderr(found[1]),
        ):
            code = run(["seal", *words])
        out, err = (each.getvalue() for each in found)
        assert not find_canary(out), "a value on standard output"
        assert not find_canary(err), "a value on standard error"
        return Said(code, out, err)

    def installed(self, *words: str, stdin: str = "", **environ: str) -> "Said":
        """Run the installed `keyfleet`."""
        done = self.keyfleet(*words, stdin=stdin, **environ)
        return Said(done.code, done.out, done.err)

    def both(self, *words: str, stdin: str = "", **environ: str) -> tuple["Said", "Said"]:
        return self.ours(*words, stdin=stdin, **environ), self.theirs(
            *words, stdin=stdin, **environ
        )


@dataclass(frozen=True)
class Said:
    """How a program ended."""

    code: int
    out: str
    err: str


def keyset(*names: str) -> Keyset:
    return Keyset(load_key(KEYS[name].key) for name in names or ("one",))


def documents(text: str | bytes) -> list[dict[str, Any]]:
    raw = text if isinstance(text, bytes) else text.encode()
    return [pruned(each) for each in read_documents(raw, "a program's output")]


def opened(text: str | bytes, *names: str) -> list[dict[str, Any]]:
    """Return SealedSecrets with their values in the ciphertexts' place."""
    found = documents(text)
    for document in found:
        metadata = document["metadata"]
        scope = scope_of(metadata.get("annotations") or {})
        label = scope.label(metadata.get("namespace", ""), metadata["name"])
        items = document["spec"]["encryptedData"] or {}
        document["spec"]["encryptedData"] = {
            item: keyset(*names).open(sealed, label).value.reveal()
            for item, sealed in items.items()
        }
    return found


def pruned(document: Any) -> Any:
    """Return it without what is null, empty maps of metadata, times and owners."""
    if isinstance(document, Mapping):
        kept = {key: pruned(each) for key, each in document.items() if key not in PRUNED}
        return {key: each for key, each in kept.items() if each is not None}
    return [pruned(each) for each in document] if isinstance(document, list) else document


def manifest(**fields: Any) -> dict[str, Any]:
    metadata = {"name": "db", "namespace": "shop", **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **fields}


def yaml(*found: Mapping[str, Any]) -> str:
    return "---\n".join(codec.encode_yaml(each) for each in found)


def without_user(environ: Mapping[str, str]) -> dict[str, str]:
    own = {name: text for name, text in environ.items() if not name.startswith("SEALED_SECRETS_")}
    return {**own, "KUBECONFIG": os.devnull}
