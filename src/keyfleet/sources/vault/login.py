# SPDX-License-Identifier: Apache-2.0
"""A token in use: what is sent with it, how long it is good, and how it ends.

Source: docs/compat/vault.md 3.4 (token endpoints), 3.5.
"""

import asyncio

from keyfleet.base.clock import Clock
from keyfleet.base.errors import DeniedError, KeyfleetError, TemporaryError
from keyfleet.base.secret import SecretValue
from keyfleet.sources.vault.client import Call, Client, Reply
from keyfleet.sources.vault.identity import Identity
from keyfleet.sources.vault.spec import VaultSpec

_MARGIN_S = 5.0
"""A token is not used this shortly before its end; one of a short life a tenth of that."""
REVOKE_S = 3.0
"""How long the end of a session waits for the server."""
_RENEW_BELOW = 1 / 3
"""Share of its life that a token has left when it is renewed."""


class Login:
    """A token in use: sends with it, renews it, ends it."""

    def __init__(
        self, client: Client, identity: Identity, spec: VaultSpec, clock: Clock, *, subject: str
    ) -> None:
        self.identity = identity
        self.trusts = client.trusts
        """By what the server proved to be itself."""
        self._client = client
        self._spec = spec
        self._clock = clock
        self._subject = subject
        self._ends = _end(clock, identity.lifetime_s)
        self._may_renew = identity.is_renewable
        self._is_bound = False
        """Something lives as long as the token does."""

    async def ask(
        self,
        name: str,
        method: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        body: SecretValue | None = None,
    ) -> Reply:
        """Return the answer to a request in the store's namespace.

        Raises:
            DeniedError: `store.denied`: also where the token's time is over.
            KeyfleetError: As `Client.send`.
        """
        await self._stay()
        subject = f"{self._subject} {path}"
        reply = await self._client.send(
            Call(
                name,
                method,
                path,
                subject,
                token=self.identity.token,
                namespace=self._spec.namespace,
                query=query,
                body=body,
            )
        )
        self._is_bound = self._is_bound or reply.binds_token
        return reply

    async def _stay(self) -> None:
        if not self._ends:
            return
        left_s = self._ends - self._clock.monotonic()
        if left_s < min(_MARGIN_S, self.identity.lifetime_s / 10):
            raise DeniedError("store.denied", "the login has expired", self._subject)
        is_due = left_s < self.identity.lifetime_s * _RENEW_BELOW
        # The token is good for a while yet: who asks during a renewal goes on with it.
        if is_due and self._may_renew:
            self._may_renew = False
            self._may_renew = await self._renewed()

    async def _renewed(self) -> bool:
        """Try to live longer; tell whether to try again, which is in vain past the longest life."""
        try:
            reply = await self._client.send(self._own("", "auth/token/renew-self"))
        except KeyfleetError as error:
            return isinstance(error, TemporaryError)
        auth = reply.document.get("auth")
        seconds = auth.get("lease_duration") if isinstance(auth, dict) else None
        before = self._ends
        if isinstance(seconds, int) and seconds > 0:
            self._ends = max(before, _end(self._clock, float(seconds)))
        return self._ends > before + 1

    def _own(self, name: str, path: str) -> Call:
        return Call(
            name,
            "POST",
            path,
            f"{self._subject} {path}",
            token=self.identity.token,
            namespace=self._spec.login_namespace,
        )

    async def end(self) -> None:
        """Revoke a token that we got, unless credentials would end with it; then disconnect."""
        try:
            if self.identity.token and self.identity.is_ours and not self._is_bound:
                async with asyncio.timeout(REVOKE_S):
                    await self._client.send(self._own("RevokeSelf", "auth/token/revoke-self"))
        except (KeyfleetError, TimeoutError):
            pass  # It ends by itself.
        finally:
            await self._client.close()


def _end(clock: Clock, lifetime_s: float) -> float:
    return clock.monotonic() + lifetime_s if lifetime_s else 0.0
