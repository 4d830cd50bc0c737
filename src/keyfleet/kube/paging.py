# SPDX-License-Identifier: Apache-2.0
"""Read a collection page by page."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TypeVar
from urllib.parse import quote_plus

import msgspec

from keyfleet.base.clock import Clock
from keyfleet.base.errors import PermanentError, ThrottledError, UnreachableError
from keyfleet.kube.bounds import OVERSIZED
from keyfleet.kube.decoding import UNDECODABLE, Page
from keyfleet.kube.requests import Request
from keyfleet.kube.responses import unexpected_answer
from keyfleet.kube.transport import Transport

T = TypeVar("T")

THROTTLED_TRIES = 5
"""A throttled page is asked for again, since a failed list would begin from its first page."""
PAGES_MAX = 5000
"""Longest list: 2.5 million objects in full pages, far above what an API server holds."""
THROTTLED_S = 1.0
"""Wait where the server names no time."""


async def pages(
    transport: Transport, clock: Clock, first: Request, decode: Callable[[bytes], Page[T]]
) -> AsyncIterator[Page[T]]:
    """Give the pages of a list; `first` is the request of the first one.

    A page that is too long is asked for again with fewer objects.

    Raises:
        ExpiredError: The list took longer than the server keeps its snapshot; begin again.
        PermanentError: `list.endless`.
        KeyfleetError: As `Transport.send`.
    """
    request, last = first, ""
    for _ in range(PAGES_MAX):
        page, request = await _fitting_page(transport, clock, request, decode)
        yield page
        if not page.continue_:
            return
        if page.continue_ == last:
            break
        last = page.continue_
        request = following(request, page.continue_)
    subject = f"{transport.cluster}/{first.subject}"
    raise PermanentError("list.endless", "the list does not end", subject)


async def _fitting_page(
    transport: Transport, clock: Clock, request: Request, decode: Callable[[bytes], Page[T]]
) -> tuple[Page[T], Request]:
    while True:
        try:
            return await _page(transport, clock, request, decode), request
        except UnreachableError as error:
            smaller = _with_fewer(request) if error.code == OVERSIZED else None
            if smaller is None:
                raise
            request = smaller


def _with_fewer(request: Request) -> Request | None:
    """Return a request for an eighth of the objects; None when it asks for one already."""
    path, _, parameters = request.target.partition("?")
    kept = _without(parameters, "resourceVersion", "limit")
    limit = next((int(part[6:]) for part in parameters.split("&") if part.startswith("limit=")), 0)
    if limit <= 1:
        return None
    # Without a version, since a list from the server's cache comes whole whatever the limit.
    target = f"{path}?{'&'.join([f'limit={limit // 8 or 1}', *kept])}"
    return msgspec.structs.replace(request, target=target)


def _without(parameters: str, *names: str) -> list[str]:
    return [part for part in parameters.split("&") if part and not part.startswith(names)]


def following(first: Request, continue_: str) -> Request:
    """Return the request of a later page: `continue` in the place of the resource version.

    >>> from keyfleet.kube import requests
    >>> from keyfleet.kube.resources import SECRETS
    >>> following(requests.list_page(SECRETS, limit=2, resource_version="7"), "x/y=").target
    '/api/v1/secrets?limit=2&continue=x%2Fy%3D'
    """
    path, _, parameters = first.target.partition("?")
    kept = _without(parameters, "resourceVersion", "continue")
    target = f"{path}?{'&'.join([*kept, f'continue={quote_plus(continue_)}'])}"
    return msgspec.structs.replace(first, target=target)


async def _page(
    transport: Transport, clock: Clock, request: Request, decode: Callable[[bytes], Page[T]]
) -> Page[T]:
    body = await _send(transport, clock, request)
    subject = f"{transport.cluster}/{request.subject}"
    page: Page[T] | None = None
    with suppress(*UNDECODABLE):
        page = decode(body)
    if page is None or not page.resource_version:
        # Every list has a version: `{}` from a proxy must not look like an empty collection.
        raise unexpected_answer(subject)
    return page


async def _send(transport: Transport, clock: Clock, request: Request) -> bytes:
    for _ in range(THROTTLED_TRIES):
        try:
            return await transport.send(request)
        except ThrottledError as error:
            after = error.retry_after
            await clock.sleep(after.total_seconds() if after else THROTTLED_S)
    return await transport.send(request)
