# SPDX-License-Identifier: Apache-2.0
"""How long a login lives, without showing any of it."""

import base64
import binascii
from datetime import UTC, datetime

import msgspec

from keyfleet.base.errors import KeyfleetError
from keyfleet.cli.doctor.facts import Login
from keyfleet.kube.access import Access, Credential
from keyfleet.kube.auth.basic import Basic
from keyfleet.kube.auth.combined import Combined
from keyfleet.kube.auth.exec_plugin import ExecPlugin


class _Claims(msgspec.Struct):
    exp: float | None = None


async def login_of(access: Access, *, is_own: bool) -> Login:
    """Return what may be told of a login; a plugin is not run for it."""
    kinds: list[str] = []
    certificate = token = None
    for part in _parts(access.credential):
        if isinstance(part, ExecPlugin):
            kinds.append("plugin")
            continue
        if isinstance(part, Basic):
            kinds.append("password")
            continue
        try:
            pair = await part.certificate()
            header = (await part.headers()).get("Authorization", "")
        except KeyfleetError:
            kinds.append("unreadable")
            continue
        if pair is not None:
            kinds.append("certificate")
            certificate = certificate_end(pair.certificate_pem)
        if header:
            kinds.append("token")
            token = token_end(header.rpartition(" ")[2])
    return Login(
        "+".join(kinds) or "none",
        certificate,
        token,
        is_insecure=access.endpoint.insecure,
        is_own=is_own,
    )


def _parts(credential: Credential) -> tuple[Credential, ...]:
    return credential.parts if isinstance(credential, Combined) else (credential,)


def certificate_end(pem: bytes) -> datetime | None:
    """Return when the first certificate of a chain ends; None for what is none."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc
    except ValueError:
        return None


def token_end(token: str) -> datetime | None:
    """Return when a JWT ends; None for a token that does not say.

    >>> token_end("a-static-token") is None
    True
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = msgspec.json.decode(raw, type=_Claims)
        return datetime.fromtimestamp(claims.exp, UTC) if claims.exp else None
    except (binascii.Error, msgspec.DecodeError, ValueError, OverflowError, OSError):
        return None
