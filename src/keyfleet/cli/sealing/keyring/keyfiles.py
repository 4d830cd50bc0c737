# SPDX-License-Identifier: Apache-2.0
"""Private keys in files, as `--recovery-private-key` takes them.

A file holds PEM, or Secrets with a `tls.key`: one, a List, or several documents. Source:
compat/sealed-secrets.md 4.5.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingKey, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.cli.files import load_files
from keyfleet.cli.sealing.files.documents import expanded, read_documents
from keyfleet.cli.terminal import note
from keyfleet.model.decoding import Decoding
from keyfleet.transform.decoding import undone

ITEM = "tls.key"

_PEM = re.compile(rb"^-----BEGIN ", re.MULTILINE)
_BLOCK = re.compile(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*^-----END [^\n]*$", re.MULTILINE)
_HINT = "give PEM, or a Secret with tls.key: one, a List, or several documents"


@dataclass(frozen=True, slots=True)
class Found:
    """What a file with keys holds."""

    keys: tuple[SealingKey, ...]
    broken: tuple[InvalidInputError, ...]
    """One for each key that cannot be used."""


def load_keys(names: Iterable[str]) -> list[SealingKey]:
    """Return the keys of files; each name may be several, with commas between.

    A key that cannot be used is told as a warning where its file holds another.

    Raises:
        InvalidInputError: A file cannot be read, or holds no usable key.
    """
    files = [name for text in names for name in text.split(",") if name]
    return [key for file, raw in load_files(files) for key in _usable(keys_in(raw, file), file)]


def keys_in(raw: bytes, subject: str) -> Found:
    """Return the keys of one file.

    Raises:
        InvalidInputError: It is neither PEM nor manifests.
    """
    keys: list[SealingKey] = []
    broken: list[InvalidInputError] = []
    for pem, place in _pems(raw, subject):
        try:
            keys.append(load_key(pem, place))
        except InvalidInputError as error:
            broken.append(error)
    return Found(tuple(keys), tuple(broken))


def _usable(found: Found, file: str) -> tuple[SealingKey, ...]:
    if not found.keys:
        nothing = InvalidInputError("sealing.key", "there is no private key in this", file, _HINT)
        raise next(iter(found.broken), nothing)
    for error in found.broken:
        note(f"Warning: {error}")
    return found.keys


def _pems(raw: bytes, subject: str) -> Iterator[tuple[SecretValue, str]]:
    if _PEM.search(raw):
        # Without any such block the loader says what is wrong.
        for block in _BLOCK.findall(raw.replace(b"\r\n", b"\n")) or [raw]:
            yield SecretValue(block + b"\n"), subject
        return
    for document in expanded(read_documents(raw, subject)):
        pem = _of_secret(document)
        if pem is not None:
            yield pem, f"{subject}: {_name(document)}"


def _of_secret(document: Mapping[str, Any]) -> SecretValue | None:
    """Return the PEM text that a Secret holds; None where it holds none."""
    plain, encoded = (_item(document, field) for field in ("stringData", "data"))
    if isinstance(plain, str):
        return SecretValue(plain.encode("utf-8", "surrogatepass"))
    if not isinstance(encoded, str):
        return None
    # What is no base64 is no PEM either: the loader says so.
    text = undone(encoded.encode("utf-8", "surrogatepass"), Decoding.BASE64)
    return SecretValue(text or b"")


def _item(document: Mapping[str, Any], field: str) -> object:
    items = document.get(field)
    return items.get(ITEM) if isinstance(items, Mapping) else None


def _name(document: Mapping[str, Any]) -> str:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) and name else "a Secret without a name"
