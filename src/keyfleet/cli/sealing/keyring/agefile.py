# SPDX-License-Identifier: Apache-2.0
"""Files that age encrypts, for those who hold one of the identities; the one user of its library.

Only native recipients (`age1...`) and ssh keys: plugins would run other programs.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyrage

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.secret import SecretValue

SIZE_MAX = 64 * 1024 * 1024
"""Bytes of one encrypted file; a thousand clusters' keys need less."""

_HINT = "`age-keygen -o key.txt` makes an identity and prints its recipient"


def encrypted(content: SecretValue, recipients: Sequence[str]) -> bytes:
    """Return the content, armoured, for whoever holds the identity of one of the recipients.

    Raises:
        InvalidInputError: `keys.recipient`: no recipient, or one of them is none.
    """
    if not recipients:
        raise InvalidInputError("keys.recipient", "for whom?", hint=f"--recipient age1...; {_HINT}")
    found = [_recipient(text) for text in recipients]
    return bytes(pyrage.encrypt(content.reveal(), found, armored=True))


def decrypted(raw: bytes, identities: Sequence[SecretValue], subject: str) -> SecretValue:
    """Return the content of an encrypted file.

    Args:
        raw: The file, armoured or not.
        identities: Texts of identity files.
        subject: What it is called, for people.

    Raises:
        InvalidInputError: `keys.identity`: one holds no identity.
        DeniedError: `keys.unopened`: none of them opens it, or it is damaged or not encrypted.
    """
    known = [found for text in identities for found in _identities(text)]
    try:
        return SecretValue(bytes(pyrage.decrypt(raw, known)))
    except pyrage.DecryptError:
        pass
    raise DeniedError(
        "keys.unopened",
        "the file cannot be opened: another identity's, damaged, or not encrypted by age",
        subject,
        "give the identity of one of its recipients; a file cut short does not open at all",
    )


def recipients_of(text: str) -> list[str]:
    """Return the recipients of a recipients file: one a line, `#` begins a comment."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read.

    Raises:
        InvalidInputError: `keys.exists`: there is one already; `input.unwritable`.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        hint = "an older backup may hold keys that are gone from the cluster: choose another name"
        raise InvalidInputError("keys.exists", "is there already", str(path), hint) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> InvalidInputError:
    reason = (error.strerror or type(error).__name__).lower()
    return InvalidInputError("input.unwritable", "cannot be written", f"{path}: {reason}")


def _recipient(text: str) -> Any:
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        pass
    # A private key given by mistake must not be shown.
    shown = text[:12] + "..." if text.startswith("age1") else ""
    raise InvalidInputError("keys.recipient", "is no recipient of age", shown, _HINT)


def _identities(text: SecretValue) -> Iterable[Any]:
    raw = text.reveal()
    try:
        if raw.lstrip().startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(raw)]
        lines = recipients_of(raw.decode())
        found = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except (pyrage.IdentityError, UnicodeDecodeError):
        found = []
    if found:
        return found
    hint = "a file with a line AGE-SECRET-KEY-1..., or an ssh private key without a passphrase"
    raise InvalidInputError("keys.identity", "there is no identity in this", "--identity", hint)
