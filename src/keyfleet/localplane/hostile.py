# SPDX-License-Identifier: Apache-2.0
"""Answers that no honest API server gives: endless, of another kind, about other objects, lies.

What a compromised member, or whatever else answers on its address, may send to harm who asks.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from aiohttp import web

from keyfleet.base import codec
from keyfleet.localplane.exchange import Edit, Exchange
from keyfleet.localplane.faults import Fault, When, everything, watches

_CHUNK = b" " * 65536

Document = dict[str, Any]


def endless(
    *,
    status: int = 200,
    begin: bytes = b"{",
    chunk: bytes = _CHUNK,
    size: int | None = None,
    when: When = everything,
    times: int | None = None,
) -> Fault:
    """Answer with a body that never ends, or ends after `size` bytes.

    Args:
        status: Of the answer.
        begin: Its first bytes.
        chunk: What follows again and again; with a newline in it a watch sees events.
        size: Where it ends; None never.
        when: Which requests.
        times: How many at most.
    """

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        response = await exchange.begin(status, {"Content-Type": "application/json"})
        await response.write(begin)
        sent = len(begin)
        while not exchange.is_gone and (size is None or sent < size):
            await response.write(chunk)
            sent += len(chunk)
            await asyncio.sleep(0)
        await response.write_eof()
        return response

    return Fault("endless", _strike, when, times=times)


def answered(
    body: bytes,
    *,
    status: int = 200,
    content_type: str = "application/json",
    when: When = everything,
    times: int | None = None,
) -> Fault:
    """Answer with this body instead of the plane's: garbage, a page, an object of another kind."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        return await exchange.answer_with(body, status=status, content_type=content_type)

    return Fault(f"answered {status}", _strike, when, times=times)


def page(status: int = 404, *, when: When = everything, times: int | None = None) -> Fault:
    """Answer with an HTML page, as a portal or a load balancer without a backend does."""
    body = b"<!DOCTYPE html><html><title>not here</title><p>Nothing to see.</html>"
    return answered(body, status=status, content_type="text/html", when=when, times=times)


def redirected(
    location: str, *, status: int = 302, when: When = everything, times: int | None = None
) -> Fault:
    """Send the client somewhere else."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        response = await exchange.begin(status, {"Location": location, "Content-Length": "0"})
        await response.write_eof()
        return response

    return Fault(f"redirected {status}", _strike, when, times=times)


def typed(content_type: str, *, when: When = everything, times: int | None = None) -> Fault:
    """Pass the plane's answers on under another content type."""
    return edited(_setting("Content-Type", content_type), when=when, times=times)


def dated(ahead_s: float, *, when: When = everything, times: int | None = None) -> Fault:
    """Pass the plane's answers on with a Date that is so far ahead (negative: behind)."""

    def _headers(before: dict[str, str]) -> dict[str, str]:
        told = before.get("Date")
        moment = parsedate_to_datetime(told) if told else datetime.now(UTC)  # noqa: TID251
        moved = format_datetime(moment.astimezone(UTC) + timedelta(seconds=ahead_s), usegmt=True)
        return {**before, "Date": moved}

    return edited(Edit(headers=_headers), when=when, times=times)


def edited(edit: Edit, *, when: When = everything, times: int | None = None) -> Fault:
    """Pass the plane's answers on with a change."""

    async def _strike(exchange: Exchange) -> web.StreamResponse | None:
        return await exchange.go_on(edit)

    return Fault("edited", _strike, when, times=times)


def told(
    document: Callable[[int], Document],
    count: int,
    *,
    kind: str = "PartialObjectMetadata",
    version: str = "1",
    page_size: int = 500,
    is_endless: bool = False,
    when: When = everything,
    times: int | None = None,
) -> Fault:
    """Answer lists and watches with made-up objects instead of the plane's.

    A list comes in pages. A watch that asks for the initial list gets the objects and the mark that
    the list is complete, any other gets nothing; both stay open.

    Args:
        document: Makes the object of a number.
        count: How many there are.
        kind: Of the objects.
        version: Of the collection.
        page_size: Objects per page, whatever the client asks for.
        is_endless: There always is a further page, after the last object an empty one.
        when: Which requests.
        times: How many at most.
    """

    async def _strike(exchange: Exchange) -> web.StreamResponse | None:
        if exchange.seen.is_watch:
            response = await exchange.begin_stream()
            if "sendInitialEvents" in exchange.seen.query:
                for line in _events(map(document, range(count)), kind, version):
                    await response.write(line)
                    if exchange.is_gone:
                        return response
            await exchange.until_gone()
            return response
        start = int(exchange.seen.query.get("continue", "0"))
        end = start + page_size
        metadata = {"resourceVersion": version}
        if is_endless or end < count:
            metadata["continue"] = str(end)
        items = [document(number) for number in range(start, min(end, count))]
        body = {"kind": f"{kind}List", "metadata": metadata, "items": items}
        return await exchange.answer_with(codec.encode_json(body))

    return Fault("told", _strike, when, times=times)


def events(
    *lines: Mapping[str, Any] | bytes, when: When = watches, times: int | None = None
) -> Fault:
    """Put these events (or raw lines) into watches, open ones included, which then go quiet."""
    raw = [line if isinstance(line, bytes) else codec.encode_json(line) for line in lines]

    async def _strike(exchange: Exchange) -> web.StreamResponse | None:
        response = await exchange.begin_stream()
        for line in raw:
            await response.write(line + b"\n")
        await exchange.until_gone()
        return response

    return Fault("events", _strike, when, live=True, times=times)


def _events(documents: Iterable[Document], kind: str, version: str) -> Iterator[bytes]:
    for document in documents:
        yield codec.encode_json({"type": "ADDED", "object": document}) + b"\n"
    metadata = {
        "resourceVersion": version,
        "annotations": {"k8s.io/initial-events-end": "true"},
    }
    end = {"type": "BOOKMARK", "object": {"kind": kind, "metadata": metadata}}
    yield codec.encode_json(end) + b"\n"


def _setting(name: str, value: str) -> Edit:
    return Edit(headers=lambda before: {**before, name: value})
