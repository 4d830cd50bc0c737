# SPDX-License-Identifier: Apache-2.0
"""Which cluster a context meant last time, remembered on a laptop.

Trusted at first use: a context that was never seen is pinned to who answers, one that was must
answer as the same. Contexts of different files are different contexts, so that a throw-away
kubeconfig does not vouch for another. On a hub the FleetCluster's status holds the same facts.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.kubeconfig import Context

FILE = "trust.json"


class Pin(msgspec.Struct, frozen=True, rename="camel"):
    """Who answered under a context."""

    uid: str
    ca_sha256: str = msgspec.field(default="", name="caSHA256")


class _Document(msgspec.Struct):
    version: int = 1
    contexts: dict[str, dict[str, Pin]] = {}
    """File of the kubeconfig -> context -> pin."""


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where this program remembers things: `$XDG_STATE_HOME/keyfleet`.

    >>> str(state_folder({"XDG_STATE_HOME": "/state"}))
    '/state/keyfleet'
    """
    home = environ.get("HOME") or environ.get("USERPROFILE") or "."
    base = environ.get("XDG_STATE_HOME") or str(Path(home) / ".local" / "state")
    return Path(base) / "keyfleet"


class TrustStore:
    """The pins of one person, in one file; a missing file holds none."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            InvalidInputError: It is damaged; pins are not forgotten in silence.
        """
        self._path = path
        self._document = _read(path)

    def pinned(self, context: Context) -> Pin | None:
        """Return who a context was; None when it was never used."""
        return self._document.contexts.get(_place(context), {}).get(context.name)

    def pin(self, context: Context, pin: Pin) -> None:
        """Remember who a context is; written at once, and only when it is news."""
        if self.pinned(context) != pin:
            self._document.contexts.setdefault(_place(context), {})[context.name] = pin
            self._write()

    def forget(self, origin: str) -> None:
        """Forget every context of a kubeconfig that was made anew."""
        if self._document.contexts.pop(str(Path(origin).absolute()), None) is not None:
            self._write()

    def _write(self) -> None:
        # Whole or not at all: two commands at once may lose a pin, never the file.
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".trust-")
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(codec.encode_json(self._document), indent=1))
        Path(name).replace(self._path)


def _read(path: Path) -> _Document:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return _Document()
    except OSError as error:
        raise _damaged(path, type(error).__name__) from None
    try:
        return codec.decode_json_as(_Document, raw, subject=str(path))
    except InvalidInputError as error:
        raise _damaged(path, error.message) from None


def _damaged(path: Path, reason: str) -> InvalidInputError:
    return InvalidInputError(
        "trust.unreadable",
        "the record of trusted clusters cannot be read",
        f"{path} ({reason})",
        hint="remove the file to trust every context anew at its next use",
    )


def _place(context: Context) -> str:
    return str(Path(context.origin).absolute())
