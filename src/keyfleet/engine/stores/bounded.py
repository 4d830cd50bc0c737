# SPDX-License-Identifier: Apache-2.0
"""Call a provider: within a time, and so that only errors of ours come out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from keyfleet.base.errors import KeyfleetError, PermanentError, UnreachableError
from keyfleet.base.log import get_logger

log = get_logger("engine")

T = TypeVar("T")


async def within(seconds: float, ask: Callable[[], Awaitable[T]], *, subject: str) -> T:
    """Return what a provider answers.

    Args:
        seconds: The provider has its own, shorter limits; this one is for when those fail.
        ask: The call.
        subject: The store or the service, for errors.
    Raises:
        UnreachableError: `store.timeout`.
        PermanentError: `store.provider_failed`: the provider raised something that is no error of
            ours; its text may quote data and is dropped.
        KeyfleetError: As the provider.
    """
    try:
        async with asyncio.timeout(seconds):
            return await ask()
    except KeyfleetError:
        raise
    except TimeoutError:
        error: KeyfleetError = _timeout(subject)
    except Exception as unknown:  # noqa: BLE001 - a provider's bug fails one store, not the pass
        error = _failed(subject, unknown)
    # Out here, since the original would come along as context.
    raise error


def told(make: Callable[[], T], *, subject: str) -> T:
    """Return what a provider computes; raises as `within`, but for the time."""
    try:
        return make()
    except KeyfleetError:
        raise
    except Exception as unknown:  # noqa: BLE001 - as above
        error = _failed(subject, unknown)
    raise error


def _timeout(subject: str) -> UnreachableError:
    return UnreachableError("store.timeout", "the store's provider does not answer", subject)


def _failed(subject: str, unknown: Exception) -> PermanentError:
    log.error("engine.provider_failed", store=subject, error=type(unknown).__name__)
    return PermanentError(
        "store.provider_failed",
        "the store's provider failed in a way that it does not name",
        subject,
        "the log has the kind of error as engine.provider_failed: please report it",
    )
