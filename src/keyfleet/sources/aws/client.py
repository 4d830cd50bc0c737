# SPDX-License-Identifier: Apache-2.0
"""Calls of one service of AWS: under a time limit, counted, and with errors of ours."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from botocore import xform_name

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import KeyfleetError, TemporaryError
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.sources.aws.failures import LIBRARY_ERRORS, error_of

CALL_S: Final = 12
"""Longest for a whole call: looking up the name, waiting for a connection, and the answer."""
ATTEMPTS_MAX: Final = 10
RETRIES_S: Final = 15
"""Longest to try again; what would take longer is left to the engine, which waits for others too.
"""
_FIRST_PAUSE_S: Final = 0.2
_PAUSE_MAX_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often one call is tried, as the store's `retrySettings` say; the engine does the rest."""

    attempts: int = 1
    pause_max_s: float = _PAUSE_MAX_S

    @classmethod
    def of(cls, attempts: int | None, pause_s: float | None) -> "Patience":
        """Return what a store says; None is no `retrySettings`."""
        if attempts is None:
            return cls()
        longest_s = _PAUSE_MAX_S if pause_s is None else min(max(pause_s, 0), _PAUSE_MAX_S)
        return cls(min(max(attempts, 1), ATTEMPTS_MAX), longest_s)

    @property
    def backoff(self) -> Backoff:
        """How long to wait in between; the jitter may double what stands in it."""
        longest_s = self.pause_max_s / 2
        return Backoff(base_s=min(_FIRST_PAUSE_S, longest_s), cap_s=longest_s)


class Client:
    """One service of one region, with one login."""

    def __init__(self, library: Any, means: ProviderMeans, patience: Patience, label: str) -> None:
        self.endpoint: str = library.meta.endpoint_url
        self._library = library
        self._means = means
        self._patience = patience
        self._label = label
        self._random = Random(means.randomness(8))  # noqa: S311 - spreads waiting

    async def call(self, operation: str, key: str, **parameters: Any) -> dict[str, Any]:
        """Return AWS' answer.

        Args:
            operation: As AWS names it, and as upstream's metrics do.
            key: What is asked for, for the error.
            parameters: As AWS names them.
        Raises:
            KeyfleetError: As `failures.error_of` says.
        """
        clock = self._means.clock
        until = clock.monotonic() + RETRIES_S
        for attempt in range(1, self._patience.attempts):
            try:
                return await self._ask(operation, key, parameters)
            except TemporaryError as error:
                pause_s = self._pause_s(error, attempt)
                if clock.monotonic() + pause_s > until:
                    raise
            await clock.sleep(pause_s)
        return await self._ask(operation, key, parameters)

    def _pause_s(self, error: TemporaryError, failures: int) -> float:
        if error.retry_after is None:
            return self._patience.backoff.delay_s(failures, self._random)
        return error.retry_after.total_seconds()

    async def _ask(self, operation: str, key: str, parameters: dict[str, Any]) -> dict[str, Any]:
        method = getattr(self._library, xform_name(operation))
        problem: KeyfleetError
        try:
            async with asyncio.timeout(CALL_S):
                answer: dict[str, Any] = await method(**parameters)
        except LIBRARY_ERRORS as error:
            problem = error_of(error, operation, key=key, endpoint=self.endpoint)
        else:
            self._count(operation, is_success=True)
            return answer
        self._count(operation, is_success=False)
        # Out here, because the original would stay as context, with whatever it quotes.
        raise problem

    def _count(self, operation: str, *, is_success: bool) -> None:
        if self._label:
            self._means.called(self._label, operation, is_success)
