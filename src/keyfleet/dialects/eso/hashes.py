# SPDX-License-Identifier: Apache-2.0
"""Hashes and names that upstream's controller writes: whoever makes the same ones adopts its work.

A hash is SHA3-224 over what Go prints of a value with `%+v`. That of data has no key, so a short
secret could be guessed from it: it is made only where a target is to be adopted or handed back.
Source: docs/compat/eso.md, "Hashes".
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from keyfleet.base.secret import SecretValue

_MANAGER: Final = "externalsecrets.external-secrets.io/"
_MANAGER_MAX: Final = 63


def data_hash(data: Mapping[str, SecretValue]) -> str:
    """Return the annotation `reconcile.external-secrets.io/data-hash` of a target's whole data."""
    return _hash(_map((key, f"[{_decimals(value)}]") for key, value in data.items()))


def _decimals(value: SecretValue) -> str:
    return " ".join(map(str, value.reveal()))


def owner_hash(namespace: str, name: str) -> str:
    """Return the label `reconcile.external-secrets.io/created-by` of a manifest's target."""
    return _hash(f"{namespace}/{name}")


def synced_version(
    generation: int, *, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> str:
    """Return `status.syncedResourceVersion`: another one means that the manifest changed."""
    metadata = f"{{annotations:{_map(annotations.items())} labels:{_map(labels.items())}}}"
    return f"{generation}-{_hash(metadata)}"


def field_manager(name: str) -> str:
    """Return the name under which a manifest's target is written."""
    plain = f"{_MANAGER}{name}"
    return plain if len(plain) <= _MANAGER_MAX else f"{_MANAGER}sha3/{_hash(name)}"


def _map(entries: Iterable[tuple[str, str]]) -> str:
    """Return a map as Go prints it, sorted by the bytes of its keys."""
    ordered = sorted(entries, key=lambda entry: entry[0].encode("utf-8", "surrogatepass"))
    return f"map[{' '.join(f'{key}:{value}' for key, value in ordered)}]"


def _hash(text: str) -> str:
    return hashlib.sha3_224(text.encode("utf-8", "surrogatepass")).hexdigest()
