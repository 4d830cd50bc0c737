# SPDX-License-Identifier: Apache-2.0
"""The sealing API of a running controller, with the keys that it finds in real clusters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.cluster.engine.sealedsecrets.seals import Seals
from tests.cluster.engine.sides import eventually
from tests.cluster.sealing.program import Kubeseal, put_in_front

from keyfleet import app
from keyfleet.app import run_controller
from keyfleet.base.codec import decode_json, encode_json
from keyfleet.base.sealing import Keyset, load_key
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.observe.web import listening
from keyfleet.testing.canary import canary

VALUES = {"password": canary("password")}
ANYWHERE = "127.0.0.1:0"


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[str]:
    """The addresses that the system chose for the sealing API."""
    found: asyncio.Queue[str] = asyncio.Queue()

    @asynccontextmanager
    async def noted(*words: Any, **options: Any) -> AsyncIterator[object]:
        async with listening(*words, **options) as address:
            found.put_nowait(str(address))
            yield address

    monkeypatch.setattr(app, "listening", noted)
    return found


def document(seals: Seals, context: str, name: str = "db") -> bytes:
    """Return what a person sealed for a cluster."""
    return encode_json(
        {
            "apiVersion": SEALEDSECRETS.api_version,
            "kind": SEALEDSECRETS.kind,
            "metadata": {"name": name, "namespace": seals.namespace},
            "spec": {"encryptedData": seals.sealed(VALUES, context=context)},
        }
    )


async def test_kubeseal_works_with_the_hubs_keys(
    seals: Seals, bound: asyncio.Queue[str], kubeseal: Path, tmp_path: Path
) -> None:
    hub = seals.fleet.hub
    await seals.run(hub, sealing_listen=ANYWHERE)
    path = tmp_path / "kubeseal.yaml"
    front = await put_in_front(hub.proxy, seals.namespace, f"http://{await bound.get()}", path)
    run = Kubeseal(kubeseal, path, seals.namespace)
    assert await run("--fetch-cert") == (0, seals.pairs["hub"].certificate, "")
    assert await run("--validate", given=document(seals, "hub")) == (0, b"", "")
    for foreign in (document(seals, "east"), document(seals, "hub", "other")):
        status, _, err = await run("--validate", given=foreign)
        assert (status, "unable to decrypt" in err) == (1, True)
    status, out, err = await run("--re-encrypt", given=document(seals, "hub"))
    assert (status, err) == (0, "")
    items = decode_json(out, subject="")["spec"]["encryptedData"]
    await seals.put(items, side=hub)
    await seals.delivered(VALUES, side=hub)
    assert {path for _, path, _ in front.asked} == {"/v1/cert.pem", "/v1/verify", "/v1/rotate"}


async def test_each_member_has_its_own_below_its_name(
    seals: Seals, bound: asyncio.Queue[str]
) -> None:
    await seals.run(sealing_listen=ANYWHERE)
    listen = await bound.get()
    east = f"http://{listen}/clusters/east/v1"
    async with aiohttp.ClientSession() as session:

        async def ask(path: str, body: bytes) -> tuple[int, bytes]:
            async with session.post(path, data=body) as answer:
                return answer.status, await answer.read()

        async with session.get(f"{east}/cert.pem") as answer:
            assert await answer.read() == seals.pairs["east"].certificate
        assert await ask(f"{east}/verify", document(seals, "east")) == (200, b"")
        assert await ask(f"{east}/verify", document(seals, "hub")) == (409, b"")
        status, body = await ask(f"{east}/rotate", document(seals, "east"))
        text = decode_json(body, subject="")["spec"]["encryptedData"]["password"]
        keys = Keyset([load_key(seals.pairs["east"].key)])
        label = f"{seals.namespace}/db".encode()
        assert (status, keys.open(text, label).value.reveal()) == (200, VALUES["password"])
        assert await ask(f"http://{listen}/clusters/north/v1/verify", b"") == (
            404,
            b"no such cluster\n",
        )


async def test_a_standby_says_that_it_knows_no_keys_until_it_leads(
    seals: Seals, bound: asyncio.Queue[str]
) -> None:
    await seals.run()
    second = spawn(
        run_controller(replace(seals.fleet.settings, sealing_listen=ANYWHERE)), name="second"
    )
    try:
        listen = await bound.get()
        async with aiohttp.ClientSession() as session:

            async def ask() -> tuple[int, bytes]:
                try:
                    async with session.get(f"http://{listen}/v1/cert.pem") as answer:
                        return answer.status, await answer.read()
                except aiohttp.ClientConnectionError:
                    return 0, b""

            async def stands_by() -> bool:
                return await ask() == (503, b"this replica stands by and knows no keys\n")

            async def leads() -> bool:
                return (await ask())[0] == 200

            await eventually(stands_by, what="the standby does not say so")
            await seals.fleet.end()
            await eventually(leads, what="the next one does not answer")
    finally:
        await stop(second)
