# SPDX-License-Identifier: Apache-2.0
"""A bearer token in a file that somebody else renews, such as a projected service account token.

As client-go does: read again when the held token is older than a minute less 10 s of leeway; while
the file cannot be read the held token stays in use; a 401 drops it.

Source: docs/compat/fleet.md, 1.1.3.
"""

from collections.abc import Mapping
from pathlib import Path

from keyfleet.base.clock import Clock
from keyfleet.base.errors import NotReadyError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.files import read_small
from keyfleet.kube.auth.header import bearer, is_token

KEPT_S = 50.0
"""Seconds a token is used before the file is read again: 60 s less 10 s of leeway."""
FRESH_S = 10.0
"""Seconds in which a 401 is taken for an answer to the token before this one."""


class TokenFile:
    """Present the token that the file holds now."""

    def __init__(
        self, path: Path, clock: Clock, *, subject: str, fallback: SecretValue | None = None
    ) -> None:
        """Remember where to look; `fallback` serves until the file was readable once."""
        self._path = path
        self._clock = clock
        self._subject = subject
        self._fallback = fallback
        self._token: SecretValue | None = None
        self._read_at = 0.0
        self._changed_at = 0.0

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header.

        Raises:
            NotReadyError: No token was read yet, or none since the last 401.
        """
        token = self._current()
        if token is None:
            raise self._unreadable()
        return bearer(token)

    async def certificate(self) -> ClientCertificate | None:
        """Return none."""
        return None

    async def rejected(self) -> bool:
        """Drop the token and read the file; True when it holds another one by now."""
        if self._token and self._clock.monotonic() - self._changed_at < FRESH_S:
            return True
        refused = self._drop()
        self._read()
        return self._token is not None and self._token != refused

    def _current(self) -> SecretValue | None:
        if self._token is None or self._clock.monotonic() - self._read_at >= KEPT_S:
            self._read()
        return self._token or self._fallback

    def _unreadable(self) -> NotReadyError:
        return NotReadyError(
            "login.token_file_unreadable",
            "the token file cannot be read or holds no token",
            self._subject,
            hint="check the file's owner and mode, and whatever renews it",
        )

    def _drop(self) -> SecretValue | None:
        dropped, self._token = self._token or self._fallback, None
        return dropped

    def _read(self) -> None:
        content = _token(self._path)
        if content is None:
            return
        self._read_at = self._clock.monotonic()
        if content != self._token:
            self._changed_at = self._read_at
        self._token, self._fallback = content, None


def _token(path: Path) -> SecretValue | None:
    try:
        content = read_small(path).strip()
    except (OSError, ValueError):
        return None
    return SecretValue(content) if is_token(content) else None
