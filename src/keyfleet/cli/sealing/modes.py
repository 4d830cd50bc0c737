# SPDX-License-Identifier: Apache-2.0
"""What `seal` does besides sealing manifests: one value, merging, asking, opening."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.sealing import Keyset, Scope, SealingCertificate
from keyfleet.base.secret import SecretValue
from keyfleet.cli import stdin
from keyfleet.cli.files import STDIN, load_files
from keyfleet.cli.sealing.certificates.refusals import explained
from keyfleet.cli.sealing.files.documents import Document
from keyfleet.cli.sealing.files.plain import read_plain_secrets
from keyfleet.cli.sealing.files.tree import read_file
from keyfleet.cli.sealing.merging import merged, read_target, scope_of_target
from keyfleet.cli.sealing.opening import unsealed
from keyfleet.cli.sealing.options.flags import Sealing, Streams
from keyfleet.cli.sealing.sealing import Namespace
from keyfleet.cli.terminal import note

if TYPE_CHECKING:
    from keyfleet.cli.sealing.certificates.controller import Controller

MANIFEST = "(tty detected: expecting json/yaml k8s resource in stdin)"
VALUE = "(tty detected: expecting a secret to encrypt in stdin)"


def read_input(name: str, expected: str = MANIFEST) -> tuple[bytes, str]:
    """Return what a file or standard input holds, and what it is called.

    Raises:
        InvalidInputError: It cannot be read.
    """
    if not name and stdin.is_terminal():
        note(expected)
    if name and name != STDIN and Path(name).is_dir():
        raise InvalidInputError("input.unreadable", "cannot be read", f"{name}: is a directory")
    return next((raw, subject) for subject, raw in load_files([name or STDIN]))


def raw_label(flags: Sealing, namespace: Namespace) -> bytes:
    """Return what one bare value is bound to.

    Raises:
        InvalidInputError: Its scope needs a name that was not given.
    """
    scope = flags.scope_asked or Scope.STRICT
    if scope is Scope.STRICT and not flags.name:
        hint = "give the name of the Secret, or another scope"
        raise InvalidInputError("cli.usage", "--raw with scope strict needs --name", hint=hint)
    place = "" if scope is Scope.CLUSTER_WIDE else namespace.name
    if place and not namespace.asked:
        note(f"Sealed for the namespace {place}: none was given")
    return scope.label(place, flags.name)


def raw_value(flags: Sealing, secret_file: str = "") -> SecretValue:
    """Return the bare value to seal, byte for byte.

    Raises:
        InvalidInputError: Several are given, or it cannot be read.
    """
    if len(flags.from_file) > 1:
        message = "--raw seals one value: give one --from-file"
        raise InvalidInputError("cli.usage", message)
    given = flags.from_file[0] if flags.from_file else secret_file
    name = given.partition("=")[2] if flags.from_file and "=" in given else given
    return SecretValue(read_input(name, VALUE)[0])


def merge(
    flags: Sealing, streams: Streams, certificate: SealingCertificate, namespace: Namespace
) -> tuple[Document, bytes]:
    """Return the SealedSecret of a file with the items of a Secret in it, and what was there.

    Raises:
        KeyfleetError: One of them cannot be used, or they do not fit each other.
    """
    path = Path(flags.merge_into)
    before = read_file(path)
    target = read_target(before, str(path))
    secrets = read_plain_secrets(*read_input(streams.secret_file))
    if len(secrets) != 1:
        raise InvalidInputError(
            "sealing.merge", "several Secrets cannot be merged into one", secrets[0].subject
        )
    if not secrets[0].items and not flags.allow_empty_data:
        raise InvalidInputError("sealing.empty", "the Secret has no items", secrets[0].subject)
    if scope_of_target(target) is not Scope.STRICT and flags.scope_asked is None:
        note(f"Sealed {scope_of_target(target)}, as {path} is")
    made = merged(target, secrets[0], certificate, scope=flags.scope_asked, namespace=namespace)
    return made, before


async def unopened(controller: "Controller", documents: Iterable[Document]) -> list[str]:
    """Return the names of the SealedSecrets that a cluster's controller cannot open.

    Raises:
        KeyfleetError: It does not say.
    """
    found: list[str] = []
    for document in documents:
        try:
            if not await controller.opens(document):
                found.append(named(document))
        except KeyfleetError as error:
            raise explained(error) from None
    return found


async def resealed(controller: "Controller", documents: Iterable[Document]) -> list[Document]:
    """Return SealedSecrets that a cluster's controller sealed anew.

    Raises:
        KeyfleetError: It cannot, for one of them.
    """
    try:
        return [await controller.resealed(document) for document in documents]
    except KeyfleetError as error:
        raise explained(error) from None


def open_all(
    documents: Iterable[Document], keys: Keyset
) -> tuple[list[Document], list[KeyfleetError]]:
    """Return the Secrets of the SealedSecrets that open, and why others do not."""
    found: list[Document] = []
    problems: list[KeyfleetError] = []
    for document in documents:
        try:
            found.append(unsealed(document, keys))
        except KeyfleetError as error:
            problems.append(error)
    return found, problems


def named(document: Document) -> str:
    """Return what people call a SealedSecret."""
    metadata = document.get("metadata") or {}
    return "/".join(str(metadata[each]) for each in ("namespace", "name") if metadata.get(each))
