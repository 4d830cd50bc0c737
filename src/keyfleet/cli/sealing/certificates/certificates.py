# SPDX-License-Identifier: Apache-2.0
"""Certificates to seal with: from files and URLs, and whether they are still good.

Source: compat/sealed-secrets.md 4.3.
"""

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingCertificate, load_certificate
from keyfleet.cli.files import load_files
from keyfleet.cli.terminal import note

SOON = timedelta(days=30)
"""A certificate that ends within this time is warned of."""


async def read_source(source: str) -> bytes:
    """Return what a file or a URL (http, https, file) holds.

    Raises:
        KeyfleetError: It cannot be read; a password in the URL is not shown.
    """
    parts = _split(source)
    # One letter is a drive of Windows.
    if len(parts.scheme) <= 1:
        return _read(source)
    if parts.scheme == "file":
        return _read(unquote(parts.path))
    if parts.scheme not in ("http", "https"):
        hint = "give a file, or an http, https or file URL"
        raise InvalidInputError("cli.usage", "unknown scheme of a URL", parts.scheme, hint)
    from keyfleet.cli.sealing.certificates.download import download

    return await download(source, _shown(source))


async def load_source(source: str) -> SealingCertificate:
    """Return the certificate of a file or URL.

    Raises:
        KeyfleetError: It cannot be read, or holds none of an RSA key.
    """
    return load_certificate(await read_source(source), _shown(source))


def require_usable(certificate: SealingCertificate, now: datetime, subject: str) -> None:
    """Make sure that a certificate may be sealed with; warn where it soon may not.

    Raises:
        InvalidInputError: It has expired.
    """
    end = certificate.not_after
    if certificate.is_expired(now):
        hint = "fetch the present one: `keyfleet cert`"
        raise InvalidInputError(
            "sealing.expired", "the certificate has expired", f"{subject}, on {end:%Y-%m-%d}", hint
        )
    if ends_soon(certificate, now):
        note(f"Warning: the certificate expires on {end:%Y-%m-%d}: {subject}")


def ends_soon(certificate: SealingCertificate, now: datetime) -> bool:
    """Tell whether a certificate ends within 30 days, or has."""
    return certificate.is_expired(now + SOON)


def describe(certificate: SealingCertificate, now: datetime) -> str:
    """Return fingerprint and end of a certificate, for people."""
    end = f"{certificate.not_after:%Y-%m-%d}"
    if certificate.is_expired(now):
        return f"{certificate.fingerprint}, EXPIRED on {end}"
    soon = " (soon)" if ends_soon(certificate, now) else ""
    return f"{certificate.fingerprint}, expires on {end}{soon}"


def _read(name: str) -> bytes:
    path = Path(name)
    if path.is_dir():
        raise InvalidInputError("input.unreadable", "cannot be read", f"{name}: is a directory")
    return b"".join(raw for _, raw in load_files([name]))


def _split(source: str) -> SplitResult:
    try:
        return urlsplit(source)
    except ValueError:
        problem = InvalidInputError("cli.usage", "not a URL", "--cert")
    raise problem


def _shown(source: str) -> str:
    """Return a source without user and query, which may hold a password."""
    parts = _split(source)
    if len(parts.scheme) <= 1 or not parts.netloc:
        return source
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
