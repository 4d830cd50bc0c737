# SPDX-License-Identifier: Apache-2.0
"""Unmodified kubeseal against the API, through a real API server and the path of its proxy."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.sealing.program import Kubeseal, put_in_front
from tests.cluster.sealing.serviceproxy import ServiceProxy
from tests.unit.engine.sealing.api.fleetkeys import (
    EAST,
    FOREIGN,
    NEW,
    OLD,
    FleetKeys,
    keyset,
    sealed,
    sealed_secret,
)

from keyfleet.base.clock import SystemClock
from keyfleet.base.codec import decode_json, encode_json
from keyfleet.base.errors import DeniedError
from keyfleet.engine.sealing.api.rate import Rate
from keyfleet.engine.sealing.api.serving import SealingApi
from keyfleet.localplane import ControlPlane, FaultProxy
from keyfleet.observe.web import listening
from keyfleet.testing.canary import canary


@pytest.fixture
def rate() -> Rate:
    """How often a requester may ask."""
    return Rate()


@pytest.fixture
async def address(rate: Rate) -> AsyncIterator[str]:
    """Where the API of a fleet listens."""
    api = SealingApi(FleetKeys(), clock=SystemClock(), rate=rate)
    async with listening(api.app(), "127.0.0.1:0") as bound:
        yield f"http://{bound}"


@pytest.fixture
async def service(
    hub: ControlPlane,
    namespace: str,
    address: str,
    fault_proxy: Callable[[ControlPlane], Awaitable[FaultProxy]],
    tmp_path: Path,
) -> ServiceProxy:
    """A Service of upstream's name, and a kubeconfig that leads to it."""
    return await put_in_front(await fault_proxy(hub), namespace, address, tmp_path / "kubeconfig")


@pytest.fixture
def run(kubeseal: Path, namespace: str, service: ServiceProxy, tmp_path: Path) -> Kubeseal:
    del service
    return Kubeseal(kubeseal, tmp_path / "kubeconfig", namespace)


def given(*names: str, **rest: Any) -> bytes:
    """Return a SealedSecret that an old key opens."""
    return encode_json(sealed_secret(sealed(*names), **rest))


async def test_fetches_the_newest_certificate(run: Kubeseal, service: ServiceProxy) -> None:
    assert await run("--fetch-cert") == (0, NEW.certificate, "")
    assert service.asked == [("GET", "/v1/cert.pem", 200)]


async def test_seals_with_what_it_fetches_by_itself(run: Kubeseal) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "shop"},
        "data": {"a": base64.b64encode(canary("a")).decode()},
    }
    status, out, err = await run(given=encode_json(secret))
    assert (status, err) == (0, "")
    text = decode_json(out, subject="")["spec"]["encryptedData"]["a"]
    assert keyset(NEW).open(text, b"shop/db").value.reveal() == canary("a")


async def test_seals_for_a_member_with_a_certificate_by_url(run: Kubeseal, address: str) -> None:
    words = ("--cert", f"{address}/clusters/east/v1/cert.pem", "--raw", "--name", "db")
    status, out, err = await run(*words, "--namespace", "shop", given=canary("a"), offline=True)
    assert (status, err) == (0, "")
    text = out.decode()
    assert keyset(FOREIGN).open(text, b"shop/db").value.reveal() == canary("a")
    with pytest.raises(DeniedError):
        keyset(NEW, OLD).open(text, b"shop/db")
    assert FleetKeys().certificate(EAST) is not None


async def test_validates(run: Kubeseal, service: ServiceProxy) -> None:
    assert await run("--validate", given=given("a")) == (0, b"", "")
    moved = given("a", name="other")
    status, out, err = await run("--validate", given=moved)
    assert (status, out) == (1, b"")
    assert "unable to decrypt sealed secret" in err
    assert service.asked == [("POST", "/v1/verify", 200), ("POST", "/v1/verify", 409)]


@pytest.mark.parametrize("rate", [Rate(per_second=0.4, burst=0)], ids=["slow"])
async def test_waits_where_it_asks_too_often_and_gets_its_answers(
    run: Kubeseal, service: ServiceProxy
) -> None:
    """Its client waits as `Retry-After` says: a limit makes a stream slow, not wrong."""
    # Also a busy machine asks twice within 2.5 s.
    documents = b"\n".join(b"---\n" + given("a") for _ in range(2))
    assert await run("--validate", given=documents) == (0, b"", "")
    statuses = [status for _, _, status in service.asked]
    assert statuses.count(200) == 2
    assert 429 in statuses


async def test_asks_again_where_a_standby_answers(run: Kubeseal, service: ServiceProxy) -> None:
    """Behind a Service stand all replicas; only the one that leads knows the keys."""
    for words, body in (
        (("--fetch-cert",), b""),
        (("--re-encrypt",), given("a")),
    ):
        service.standbys = 1
        status, _, err = await run(*words, given=body)
        assert (status, err) == (0, "")
        assert [code for _, _, code in service.asked[-2:]] == [503, 200]


async def test_reencrypts_what_an_old_key_opens_and_keeps_all_else(run: Kubeseal) -> None:
    template = {
        "metadata": {"labels": {"app": "db"}, "annotations": {"team": "shop"}},
        "type": "kubernetes.io/basic-auth",
        "data": {"url": "db://{{ .a }}"},
    }
    before = given("a", "b", template=template)
    status, out, err = await run("--re-encrypt", given=before)
    assert (status, err) == (0, "")
    found = decode_json(out, subject="")
    items = found["spec"]["encryptedData"]
    assert {
        name: keyset(NEW).open(text, b"shop/db").value.reveal() for name, text in items.items()
    } == {"a": canary("a"), "b": canary("b")}
    kept = found["spec"]["template"]
    kept["metadata"].pop("creationTimestamp", None)
    assert kept == template
    assert await run("--validate", given=out) == (0, b"", "")


async def test_the_real_kubeseal_opens_what_was_sealed_anew(run: Kubeseal, tmp_path: Path) -> None:
    _, out, _ = await run("--re-encrypt", "--format", "yaml", given=given("a"))
    key = tmp_path / "key.pem"
    key.write_bytes(NEW.key.reveal())
    words = ("--recovery-unseal", "--recovery-private-key", str(key))
    status, opened, err = await run(*words, given=out, offline=True)
    assert (status, err) == (0, "")
    data = decode_json(opened, subject="")["data"]
    assert base64.b64decode(data["a"]) == canary("a")


async def test_reencrypts_nothing_that_does_not_open_here(
    run: Kubeseal, service: ServiceProxy
) -> None:
    """Also CVE-2026-22728, as its exploit was: a wider scope that the template asks for."""
    status, out, err = await run("--re-encrypt", given=given("a", namespace="mine"))
    assert (status, out) == (1, b"")
    assert "cannot re-encrypt secret" in err
    assert service.asked[-1] == ("POST", "/v1/rotate", 500)
    wide = {"sealedsecrets.bitnami.com/cluster-wide": "true"}
    asked = given("a", template={"metadata": {"annotations": wide}})
    status, out, err = await run("--re-encrypt", given=asked)
    found = decode_json(out, subject="")
    text = found["spec"]["encryptedData"]["a"]
    assert keyset(NEW).open(text, b"shop/db").value.reveal() == canary("a")
    assert "cluster-wide" not in out.decode()
    with pytest.raises(DeniedError):
        keyset(NEW).open(text, b"")
