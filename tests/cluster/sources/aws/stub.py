# SPDX-License-Identifier: Apache-2.0
"""A real server on loopback that answers AWS' operations as a test says, also wrongly."""

import asyncio
import json
import ssl
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from aiohttp import web

ARN = "arn:aws:sts::123456789012:assumed-role/stub/session"


class Stub:
    """Answers each operation with what was put in line for it; the last answer stays."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Operations with their fields."""
        self.signed_by: list[str] = []
        """Access keys, in the order of `asked`; empty where nothing was signed."""
        self.url = ""
        self._tls = tls
        self._answers: dict[str, deque[Any]] = {}

    def put(self, operation: str, *answers: Any) -> None:
        """Answer so from now on: a mapping is JSON, a text XML, a number a status, else called."""
        self._answers[operation] = deque(answers)

    def count(self, operation: str) -> int:
        return [name for name, _ in self.asked].count(operation)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        self.put("GetCallerIdentity", caller())
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @property
    def connections(self) -> int:
        """How many are open."""
        server = self._runner.server
        assert server is not None
        return len(server.connections)

    async def forsaken(self) -> None:
        """Return once no connection is open."""
        while self.connections:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        operation, fields = _asked(request, body)
        self.asked.append((operation, fields))
        signature = request.headers.get("Authorization", "")
        self.signed_by.append(signature.partition("Credential=")[2].partition("/")[0])
        line = self._answers[operation]
        answer = line[0] if len(line) == 1 else line.popleft()
        if isinstance(answer, Mapping):
            return web.json_response(answer)
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="text/xml")
        if isinstance(answer, int):
            return web.Response(status=answer)
        made: web.StreamResponse = await answer(request)
        return made


def _asked(request: web.Request, body: str) -> tuple[str, dict[str, Any]]:
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2], json.loads(body)
    fields = {name: values[0] for name, values in parse_qs(body).items()}
    return fields.get("Action", request.path), fields


def refusal(code: str, text: str = "", *, status: int = 400, **headers: str) -> Any:
    """Return an answer in which AWS says no, as its JSON services do."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(
            {"__type": code, "message": text},
            status=status,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    return answer


def page(body: str, *, status: int = 200, kind: str = "text/html") -> Any:
    """Return an answer that is not AWS'."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, status=status, content_type=kind)

    return answer


async def reset(request: web.Request) -> web.StreamResponse:
    """End the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    """End the connection in the middle of an answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"SecretString": "ha')
    return await reset(request)


def caller(arn: str = ARN) -> str:
    """Return who asks, as STS says it."""
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AIDA</UserId>"
        "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )


def role(operation: str, arn: str, *, key_id: str, secret: str, **more: str) -> str:
    """Return a role's credentials, as STS gives them."""
    extra = "".join(f"<{name}>{text}</{name}>" for name, text in more.items())
    return (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{operation}Result><AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>{arn}</Arn>"
        f"</AssumedRoleUser><Credentials><AccessKeyId>{key_id}</AccessKeyId>"
        f"<SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{secret}</SessionToken>"
        "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
        f"{extra}</{operation}Result></{operation}Response>"
    )
