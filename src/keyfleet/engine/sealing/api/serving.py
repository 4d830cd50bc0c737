# SPDX-License-Identifier: Apache-2.0
"""The API's routes, for the hub below `/v1` and for each cluster below `/clusters/NAME/v1`.

The work with private keys is done beside the event loop, in threads of its own.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from aiohttp import web

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError
from keyfleet.engine.beside import SWITCH_S, beside
from keyfleet.engine.sealing.api import answers
from keyfleet.engine.sealing.api.answers import Answer
from keyfleet.engine.sealing.api.keys import WAIT_S, ClusterKeys, SealingKeys, keys_of
from keyfleet.engine.sealing.api.manifest import SIZE_MAX
from keyfleet.engine.sealing.api.places import Places, requester
from keyfleet.engine.sealing.api.rate import Rate, RateLimit, Requester, Verdict
from keyfleet.engine.sealing.api.rotate import Convert, InTime
from keyfleet.model.places import ClusterName

THREADS = 2
BODY_S = 10.0
"""How long a request may take to come in."""
WORK_S = 10.0
"""How long it may wait for its turn and try keys."""
WAITING_FOR_ONE = 4
"""Requests that wait until the keys of one cluster are read; others are told to ask again."""
FOR_ALL = 10
"""How many times one requester's rate a single address may ask, whoever it says it asks for."""

_OF_NO_CLUSTER = (answers.NO_CLUSTER.status, answers.unready("").status)

Work = Callable[[ClusterKeys, bytes, InTime], Answer]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class Observer(Protocol):
    """Told about each answer."""

    def __call__(self, path: str, cluster: str, method: str, code: int, took_s: float) -> None:
        """Count one.

        Args:
            path: `/v1/cert.pem`, `/v1/verify` or `/v1/rotate`, whatever stands before it.
            cluster: One that there is; empty: the hub, or none.
            method: Of the request.
            code: HTTP status.
            took_s: Seconds.
        """
        ...


class SealingApi:
    """The routes, what limits them, and the threads that do their work."""

    def __init__(
        self,
        keys: SealingKeys,
        *,
        clock: Clock,
        rate: Rate,
        convert: Convert | None = None,
        observe: Observer | None = None,
    ) -> None:
        """Prepare.

        Args:
            keys: Of the fleet.
            clock: For limits and deadlines.
            rate: How often one requester may verify or rotate, for each.
            convert: Takes complete Secrets apart that were sealed as one text; None: none is taken.
            observe: Told about each answer.
        """
        self._convert = convert
        self._keys = keys
        self._clock = clock
        self._of_one = RateLimit(rate, clock)
        self._of_all = RateLimit(rate.times(FOR_ALL), clock)
        self._places = Places()
        self._waits = Places(of_one=WAITING_FOR_ONE)
        self._observe = observe
        self._pool = ThreadPoolExecutor(
            THREADS,
            thread_name_prefix="sealing-api",
            initializer=partial(sys.setswitchinterval, SWITCH_S),
        )

    def app(self) -> web.Application:
        """Return the application that answers; its clean-up ends the threads."""
        app = web.Application(client_max_size=SIZE_MAX)
        for prefix in ("", "/clusters/{cluster}"):
            app.router.add_get(f"{prefix}/v1/cert.pem", self._told("/v1/cert.pem", self._cert))
            rotate = partial(answers.rotate, convert=self._convert)
            for name, work in (("verify", answers.verify), ("rotate", rotate)):
                handler = self._told(f"/v1/{name}", partial(self._worked, name, work))
                app.router.add_post(f"{prefix}/v1/{name}", handler)
        app.router.add_get("/healthz", _healthz)
        app.cleanup_ctx.append(self._until_the_end)
        return app

    async def _until_the_end(self, _app: web.Application) -> AsyncIterator[None]:
        yield
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _told(self, path: str, handle: Callable[[web.Request], Awaitable[Answer]]) -> Handler:
        async def told(request: web.Request) -> web.Response:
            began = self._clock.monotonic()
            answer = await handle(request)
            if self._observe is not None:
                # Each name that somebody makes up would be a new series.
                name = "" if answer.status in _OF_NO_CLUSTER else _cluster(request)
                took_s = self._clock.monotonic() - began
                self._observe(path, name, request.method, answer.status, took_s)
            return _response(answer)

        return told

    async def _cert(self, request: web.Request) -> Answer:
        keys = await self._of(_cluster(request))
        return keys if isinstance(keys, Answer) else answers.certificate(keys.certificate)

    async def _worked(self, name: str, work: Work, request: web.Request) -> Answer:
        cluster = _cluster(request)
        keys = await self._of(cluster)
        if isinstance(keys, Answer):
            # Nothing is remembered of clusters that there are not.
            return keys
        who = requester(request.remote or "", request.headers.get("X-Forwarded-For", ""))
        verdict = self._asked(who, name, cluster)
        if not verdict.is_allowed:
            return answers.LIMITED.with_headers(verdict.headers)
        with self._places.place(who) as is_free:
            if not is_free:
                return answers.BUSY
            answer = await self._done(work, keys, request)
        return answer.with_headers(verdict.headers)

    async def _of(self, cluster: ClusterName) -> ClusterKeys | Answer:
        # No rate is asked before it is known that there is such a cluster: so few may wait for
        # keys that are not there, and for those of one cluster still fewer.
        with self._waits.place((cluster,)) as may_wait:
            try:
                wait_s = WAIT_S if may_wait else 0.0
                return await keys_of(self._keys, cluster, self._clock, wait_s=wait_s)
            except KeyfleetError as error:
                return answers.refusal(error)

    def _asked(self, who: Requester, *what: str) -> Verdict:
        of_all = self._of_all.ask((who[0],))
        return self._of_one.ask((*who, *what)) if of_all.is_allowed else of_all

    async def _done(self, work: Work, keys: ClusterKeys, request: web.Request) -> Answer:
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return answers.TOO_LARGE
        except (TimeoutError, web.RequestPayloadError):
            return answers.UNREADABLE
        end = self._clock.monotonic() + WORK_S
        in_time: InTime = lambda: self._clock.monotonic() < end  # noqa: E731 - typed
        return await beside(self._pool, partial(work, keys, body, in_time))


def _cluster(request: web.Request) -> ClusterName:
    return ClusterName(request.match_info.get("cluster", ""))


def _response(answer: Answer) -> web.Response:
    headers = {
        "Content-Type": answer.content_type,
        # A service proxy is part of a site that people are logged in to.
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        **answer.headers,
    }
    return web.Response(status=answer.status, body=answer.body, headers=headers)


async def _healthz(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")
