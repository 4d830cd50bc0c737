# SPDX-License-Identifier: Apache-2.0
"""Give a private key to `ssl`, which takes paths only, without writing it to a disk.

On Linux the file is anonymous memory, reached as `/proc/self/fd/N` and gone with its descriptor.
Elsewhere it is a file that only the owner can read, removed as soon as it was loaded.
"""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import ClientCertificate


@contextmanager
def memory_file(content: bytes) -> Iterator[str]:
    """Yield a path that reads `content` while the block runs."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("keyfleet", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
    else:
        with tempfile.NamedTemporaryFile(prefix="keyfleet-") as file:  # mode 0600
            file.write(content)
            file.flush()
            yield file.name


def load_client_certificate(
    context: ssl.SSLContext, certificate: ClientCertificate, *, subject: str
) -> None:
    """Make `context` present `certificate`.

    Raises:
        InvalidInputError: No certificate, no key, a key of another certificate, or an encrypted
            key; nothing of them is quoted.
    """
    try:
        with (
            memory_file(certificate.certificate_pem) as chain,
            memory_file(certificate.key_pem) as key,
        ):
            # Without a password ssl would ask on the terminal.
            context.load_cert_chain(chain, key, password="")
    except (OSError, ValueError):
        raise InvalidInputError(
            "login.certificate_invalid",
            "the client certificate and its key cannot be used",
            subject,
            hint="both must be PEM, belong together, and the key must not be encrypted",
        ) from None


def check_client_certificate(certificate: ClientCertificate, *, subject: str) -> None:
    """Raise what `load_client_certificate` would."""
    load_client_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, subject=subject)
