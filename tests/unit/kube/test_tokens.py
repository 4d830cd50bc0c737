# SPDX-License-Identifier: Apache-2.0
from collections.abc import AsyncIterator
from typing import Any

import pytest

from keyfleet.base.codec import decode_json
from keyfleet.base.errors import DeniedError, NotFoundError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.tokens import SECONDS_MIN, service_account_token, token_request
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock


@pytest.fixture
async def client(loopback: Any) -> AsyncIterator[Client]:
    access = Access(Endpoint(loopback.url), StaticToken(SecretValue(canary("login"))))
    found = Client("east", access, clock=FakeClock())
    yield found
    await found.close()


async def _ask(client: Client) -> SecretValue:
    return await service_account_token(
        client, "payments", "reader", audiences=["vault"], seconds=900
    )


async def test_asks_for_a_token_of_these_audiences(loopback: Any, client: Client) -> None:
    loopback.on("POST", loopback.answer({"status": {"token": canary("token").decode()}}, 201))
    assert await _ask(client) == SecretValue(canary("token"))
    assert loopback.seen[0].path == "/api/v1/namespaces/payments/serviceaccounts/reader/token"
    assert decode_json(loopback.bodies[0], subject="")["spec"] == {
        "audiences": ["vault"],
        "expirationSeconds": 900,
    }


def test_never_asks_for_less_time_than_an_api_server_gives() -> None:
    body = decode_json(token_request("a", "b", seconds=1).body, subject="")
    assert body["spec"]["expirationSeconds"] == SECONDS_MIN


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"kind": "Status", "reason": "NotFound"}, NotFoundError),
        (403, {"kind": "Status", "reason": "Forbidden"}, DeniedError),
        (201, {"status": {}}, UnreachableError),
    ],
)
async def test_what_is_no_token_is_an_error(
    loopback: Any, client: Client, status: int, body: Any, kind: type[Exception]
) -> None:
    loopback.on("POST", loopback.answer(body, status))
    with pytest.raises(kind):
        await _ask(client)


async def test_a_broken_answer_stays_out_of_the_error(loopback: Any, client: Client) -> None:
    loopback.on("POST", loopback.answer(b'{"status": {"token": "' + canary("cut"), 201))
    with pytest.raises(UnreachableError) as caught:
        await _ask(client)
    assert caught.value.__context__ is None
    assert b"kf-canary" not in repr(caught.value).encode()
