# SPDX-License-Identifier: Apache-2.0
"""Read the small files that logins are made of."""

from pathlib import Path

from keyfleet.base.errors import InvalidInputError

SIZE_MAX = 1 << 20
"""Bytes; a certificate bundle of a few hundred CAs fits, `/dev/zero` does not."""


def read_small(path: Path) -> bytes:
    """Return the content of a file of at most `SIZE_MAX` bytes.

    Raises:
        OSError: It cannot be read, or is larger.
    """
    with path.open("rb") as file:
        content = file.read(SIZE_MAX + 1)
    if len(content) > SIZE_MAX:
        message = "the file is too large"
        raise OSError(message)
    return content


def read_field(path: Path, field: str, *, subject: str) -> bytes:
    """Return the content of a file that the kubeconfig's `field` names.

    Raises:
        InvalidInputError: It cannot be read. The path is not quoted: somebody may have put the
            secret itself where its path belongs.
    """
    try:
        return read_small(path)
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        raise InvalidInputError(
            "kubeconfig.file_unreadable",
            "a file named in the kubeconfig cannot be read",
            f"{field} ({reason}), {subject}",
            hint="check that the file exists, is readable and is at most 1 MiB",
            path=field,
        ) from None
