# SPDX-License-Identifier: Apache-2.0
"""Answers of AWS that come in pages, and what a search gathers from them, both bounded."""

from collections.abc import AsyncIterator
from typing import Any, Final

from keyfleet.base.errors import PermanentError
from keyfleet.base.secret import SecretValue
from keyfleet.plugin.storeerrors import search_too_large
from keyfleet.sources.aws.client import Client
from keyfleet.sources.aws.contents import require

PAGES_MAX: Final = 1000
FOUND_MAX: Final = 1000
"""Secrets of one search: a Secret holds about as many values of 1 KiB."""
FOUND_MAX_BYTES: Final = 8 << 20


async def pages(
    client: Client, operation: str, key: str, *holds: str, **parameters: Any
) -> AsyncIterator[dict[str, Any]]:
    """Yield every page of an answer.

    Args:
        client: Whom to ask.
        operation: As AWS names it.
        key: What is asked for, for errors.
        holds: The lists of which a page has at least one, even if it is empty.
        parameters: As AWS names them.
    Raises:
        UnreachableError: A page has none: it is not AWS', and must not pass for an empty one.
        PermanentError: `store.search_too_large`: more than 1000 pages.
        KeyfleetError: As `Client.call`.
    """
    more: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        page = await client.call(operation, key, **parameters, **more)
        require(page, operation, key, *holds)
        yield page
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}
    raise _too_many(key)


class Found:
    """Values by remote name."""

    def __init__(self, key: str) -> None:
        self.values: dict[str, SecretValue] = {}
        self._key = key
        self._bytes = 0

    def add(self, name: str, value: SecretValue) -> None:
        """Remember one more.

        Raises:
            PermanentError: `store.search_too_large`: more than 1000, or more than 8 MiB.
        """
        self.values[name] = value
        self._bytes += value.size
        if len(self.values) > FOUND_MAX or self._bytes > FOUND_MAX_BYTES:
            raise _too_many(self._key)


def _too_many(key: str) -> PermanentError:
    bounds = f"{FOUND_MAX} secrets, {FOUND_MAX_BYTES >> 20} MiB, {PAGES_MAX} pages"
    return search_too_large(key, f"narrow it by path, name or tags; at most {bounds}")
