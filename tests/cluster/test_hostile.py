# SPDX-License-Identifier: Apache-2.0
"""What slow, hostile and masked servers do to a client, through the proxy in front of a plane."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.requests import watch
from keyfleet.kube.resources import NAMESPACES, SECRETS
from keyfleet.kube.transport import Timeouts
from keyfleet.localplane import ControlPlane, FaultProxy, faults, hostile, scripts, slow
from keyfleet.localplane.masks import mask
from keyfleet.localplane.scripts import Script, Step
from keyfleet.testing.canary import canary

Connect = Callable[..., Client]

SECRETS_ONLY = faults.on("secrets")


@pytest.fixture
async def proxy(hub: ControlPlane) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(hub) as found:
        yield found


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """A function that opens a client through a proxy."""
    async with AsyncExitStack() as stack:

        def opened(proxy: FaultProxy, timeouts: Timeouts | None = None) -> Client:
            ca = proxy.mask.authority.ca_pem if proxy.mask else proxy.plane.ca_pem
            token = StaticToken(SecretValue(proxy.plane.tokens["admin"].encode()))
            client = Client(
                "test",
                Access(Endpoint(proxy.url, ca), token),
                clock=SystemClock(),
                timeouts=timeouts,
            )
            stack.push_async_callback(client.close)
            return client

        yield opened


async def refusal(of: Awaitable[Any]) -> str:
    """Return the code of the error that this raises."""
    with pytest.raises(KeyfleetError) as caught:
        await of
    return caught.value.code


def secret(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": {"value": SecretValue(canary(name))}}


async def test_a_delay_holds_an_answer_back_and_changes_nothing(
    proxy: FaultProxy, connect: Connect
) -> None:
    client = connect(proxy, Timeouts(short_s=0.3))
    fault = proxy.inject(slow.delayed(1.0, times=1))
    assert await refusal(client.version()) == "api.timeout"
    assert await client.version()
    assert fault.struck == 1


async def test_a_delay_by_a_seed_is_the_same_each_time(
    proxy: FaultProxy, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(proxy)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("keyfleet.localplane.slow.asyncio.sleep", sleep)
    for _ in range(2):
        fault = proxy.inject(slow.delayed(0.01, jitter_s=0.05, seed=7))
        await client.version()
        await proxy.heal(fault)
    first, second = waits[: len(waits) // 2], waits[len(waits) // 2 :]
    assert first == second
    assert len(set(first)) == len(first)


async def test_events_of_a_watch_are_held_back_one_by_one(
    proxy: FaultProxy, connect: Connect, namespace: str
) -> None:
    client = connect(proxy)
    proxy.inject(slow.delayed(between_s=0.2, when=faults.watches))
    stream = await client.transport.open_watch(watch(SECRETS, timeout_s=60), silence_s=10)
    began = asyncio.get_running_loop().time()
    await client.create(SECRETS, secret("a"), namespace=namespace)
    assert await stream.read()
    assert asyncio.get_running_loop().time() - began >= 0.2
    stream.close()


async def test_a_trickled_answer_is_whole(proxy: FaultProxy, connect: Connect) -> None:
    proxy.inject(slow.trickled(7, 0.001, times=1))
    assert await connect(proxy).version()


async def test_an_endless_answer_is_cut(proxy: FaultProxy, connect: Connect) -> None:
    proxy.inject(hostile.endless(when=SECRETS_ONLY))
    client = connect(proxy)
    assert await refusal(client.find_secret("a", "b")) == "api.oversized_answer"
    assert await client.version()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (hostile.answered(b"kf"), "api.unexpected_answer"),
        (hostile.answered(b"[" * 100_000), "api.unexpected_answer"),
        (hostile.answered(b"{}"), "api.unexpected_answer"),
        (hostile.page(200), "api.unexpected_answer"),
        (hostile.page(404), "api.not_served"),
        (hostile.redirected("https://127.0.0.1:1/elsewhere"), "api.unexpected_answer"),
        (faults.unauthorized(), "api.unauthorized"),
        (faults.forbidden(), "api.forbidden"),
    ],
)
async def test_what_is_no_answer_is_no_absence(
    proxy: FaultProxy, connect: Connect, namespace: str, fault: faults.Fault, code: str
) -> None:
    proxy.inject(fault)
    assert await refusal(connect(proxy).find_secret(namespace, "absent")) == code


async def test_another_object_than_asked_for_is_no_answer(
    proxy: FaultProxy, connect: Connect, namespace: str
) -> None:
    client = connect(proxy)
    other = b'{"kind":"Secret","metadata":{"name":"other","namespace":"far","resourceVersion":"1"}}'
    proxy.inject(hostile.answered(other))
    assert await refusal(client.find_secret(namespace, "a")) == "api.unexpected_answer"
    whole = client.get(SECRETS, "a", namespace=namespace)
    assert await refusal(whole) == "api.unexpected_answer"
    metadata = client.find_metadata(SECRETS, "a", namespace=namespace)
    assert await refusal(metadata) == "api.unexpected_answer"


async def test_another_content_type_over_a_real_answer_is_read(
    proxy: FaultProxy, connect: Connect
) -> None:
    proxy.inject(hostile.typed("text/html"))
    assert await connect(proxy).version()


async def test_the_date_of_answers_gives_the_clock_s_offset(
    proxy: FaultProxy, connect: Connect
) -> None:
    proxy.inject(hostile.dated(600))
    client = connect(proxy)
    await client.version()
    assert client.clock_offset_s == pytest.approx(600, abs=3)


async def test_a_handshake_that_does_not_come_in_time_is_unreachable(
    proxy: FaultProxy, connect: Connect
) -> None:
    proxy.handshake_delay_s = 0.5
    await proxy.renew()
    assert await refusal(connect(proxy, Timeouts(connect_s=0.2)).version()) == "api.timeout"
    assert await connect(proxy).version()


async def test_a_masked_plane_shows_an_identity_and_a_ca_of_its_own(
    hub: ControlPlane, connect: Connect
) -> None:
    real = await asyncio.to_thread(hub.api.must, "GET", "/api/v1/namespaces/kube-system")
    async with FaultProxy(hub, mask=mask("one")) as one, FaultProxy(hub, mask=mask("two")) as two:
        found = []
        for proxy in (one, two):
            client = connect(proxy)
            system = await client.get(NAMESPACES, "kube-system")
            listed = {item.name: item.uid for item in await client.list_metadata(NAMESPACES)}
            assert listed["kube-system"] == system["metadata"]["uid"]
            found.append(listed["kube-system"])
        assert len({*found, real["metadata"]["uid"]}) == 3
        assert found == [mask("one").uid, mask("two").uid]
        plain = FaultProxy(hub)
        plain.mask = None
        one_ca = one.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]
        two_ca = two.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]
        assert (
            one_ca
            != two_ca
            != plain.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]
        )
        await plain.stop()


async def test_a_mask_holds_in_watches_too(hub: ControlPlane, connect: Connect) -> None:
    async with FaultProxy(hub, mask=mask("one")) as proxy:
        request = watch(NAMESPACES, timeout_s=60, initial=True)
        stream = await connect(proxy).transport.open_watch(request, silence_s=10)
        heard = b""
        while b"initial-events-end" not in heard:
            heard += await stream.read()
        stream.close()
        assert mask("one").uid.encode() in heard


async def test_a_script_strikes_after_so_many_requests_then_for_a_time(
    proxy: FaultProxy, connect: Connect, namespace: str
) -> None:
    client = connect(proxy)
    posts = faults.on("secrets", "POST")
    script = Script(
        [
            Step(faults.answer_lost(when=posts, times=1), after=3, of=posts),
            Step(faults.throttled(when=SECRETS_ONLY), for_s=0.5),
        ]
    )
    results = []
    async with proxy.playing(script) as playing:
        for number in range(4):
            try:
                await client.create(SECRETS, secret(f"n{number}"), namespace=namespace)
                results.append("")
            except KeyfleetError as error:
                results.append(error.code)
        assert results == ["", "", "", "api.interrupted"]
        assert await refusal(client.find_secret(namespace, "n0")) == "api.throttled"
        await playing
        assert await client.find_secret(namespace, "n3") is not None
    assert proxy.faults == []


async def test_a_script_that_is_left_early_leaves_nothing_wrong(
    proxy: FaultProxy, connect: Connect
) -> None:
    async with proxy.playing(Script([Step(faults.error(503), for_s=60)])):
        assert await refusal(connect(proxy).version()) == "api.server_error"
    assert proxy.faults == []
    assert await connect(proxy).version()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_script_of_a_seed_is_printed_alike_and_ends(
    proxy: FaultProxy, connect: Connect, seed: int
) -> None:
    script = scripts.from_seed(seed, steps=3)
    assert str(script) == str(scripts.from_seed(seed, steps=3))
    async with proxy.playing(script) as playing:
        await playing
    assert await connect(proxy).version()
