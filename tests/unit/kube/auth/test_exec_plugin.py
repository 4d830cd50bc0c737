# SPDX-License-Identifier: Apache-2.0
"""When a plugin runs. It is a real script that counts its runs and prints what a file holds."""

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from keyfleet.base import codec
from keyfleet.base.clock import timestamp
from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.exec_config import ExecConfig
from keyfleet.kube.auth.exec_plugin import ExecPlugin
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.testing.clock import FakeClock

V1 = "client.authentication.k8s.io/v1"


@dataclass
class Plugin:
    """A script under test and its credential."""

    folder: Path
    clock: FakeClock
    mode: str = "Never"

    def __post_init__(self) -> None:
        script = self.folder / "login"
        script.write_text(f"#!/bin/sh\necho run >> {self.folder}/runs\ncat {self.folder}/answer\n")
        script.chmod(0o755)
        surroundings = Surroundings({"PATH": os.defpath}, self.clock)
        self.credential = ExecPlugin(
            ExecConfig(str(script), V1, self.mode, subject="context a"), surroundings
        )

    def answers(self, token: str, life_s: float | None = None, **status: str) -> None:
        if life_s is not None:
            expires = self.clock.now() + timedelta(seconds=life_s)
            status["expirationTimestamp"] = timestamp(expires)
        answer = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": token, **status}}
        (self.folder / "answer").write_bytes(codec.encode_json(answer))

    def breaks(self) -> None:
        (self.folder / "answer").unlink()

    @property
    def runs(self) -> int:
        file = self.folder / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0

    async def token(self) -> str:
        headers = await self.credential.headers()
        return headers["Authorization"].removeprefix("Bearer ")

    async def token_after_renewal(self, other_than: str) -> str:
        """Ask until a renewal in the background has given another token."""
        while (token := await self.token()) == other_than:  # noqa: ASYNC110 - a process writes
            await asyncio.sleep(0.01)
        return token


@pytest.fixture
def plugin(tmp_path: Path, clock: FakeClock) -> Plugin:
    return Plugin(tmp_path, clock)


async def test_nothing_runs_before_the_first_request(plugin: Plugin) -> None:
    assert plugin.runs == 0


async def test_without_expiry_one_run_serves_until_a_401(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1")
    assert await plugin.token() == "kf-canary-1"
    await plugin.clock.advance(1_000_000)
    assert await plugin.token() == "kf-canary-1"
    plugin.answers("kf-canary-2")
    assert await plugin.credential.rejected()
    assert await plugin.token() == "kf-canary-2"
    assert plugin.runs == 2


@pytest.mark.parametrize(
    ("life_s", "due_s"), [(3600, 2880), (200, 140), (300, 240), (119, 59.5), (60, 30), (10, 5)]
)
async def test_renews_when_due_and_presents_the_old_one_meanwhile(
    plugin: Plugin, life_s: float, due_s: float
) -> None:
    plugin.answers("kf-canary-1", life_s)
    await plugin.token()
    await plugin.clock.advance(due_s - 0.5)
    plugin.answers("kf-canary-2", life_s)
    assert await plugin.token() == "kf-canary-1"
    assert plugin.runs == 1
    await plugin.clock.advance(0.5)
    assert await plugin.token() == "kf-canary-1"
    assert await plugin.token_after_renewal("kf-canary-1") == "kf-canary-2"
    assert plugin.runs == 2


async def test_an_expired_credential_is_renewed_first(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1", 3600)
    await plugin.token()
    await plugin.clock.advance(3600)
    plugin.answers("kf-canary-2", 3600)
    assert await plugin.token() == "kf-canary-2"


async def test_a_failed_renewal_leaves_the_valid_credential(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1", 3600)
    await plugin.token()
    plugin.breaks()
    await plugin.clock.advance(3500)
    assert await plugin.token() == "kf-canary-1"
    while plugin.runs < 2:  # noqa: ASYNC110 - a process writes
        await asyncio.sleep(0.01)
    assert await plugin.token() == "kf-canary-1"


async def test_a_failed_renewal_of_an_expired_credential_is_an_error(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1", 3600)
    await plugin.token()
    plugin.breaks()
    await plugin.clock.advance(3600)
    with pytest.raises(UnreachableError, match="exit code 1"):
        await plugin.token()


async def test_many_requests_make_one_run(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1")
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(plugin.token()) for _ in range(20)]
    assert {task.result() for task in asked} == {"kf-canary-1"}
    assert plugin.runs == 1


async def test_a_failure_answers_everybody_for_five_seconds(plugin: Plugin) -> None:
    for _ in range(3):
        with pytest.raises(UnreachableError):
            await plugin.token()
    assert plugin.runs == 1
    await plugin.clock.advance(5)
    plugin.answers("kf-canary-1")
    assert await plugin.token() == "kf-canary-1"


async def test_a_request_that_gives_up_leaves_the_run_to_the_others(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1")
    async with asyncio.TaskGroup() as group:
        first = group.create_task(plugin.token())
        await asyncio.sleep(0)
        second = group.create_task(plugin.token())
        await asyncio.sleep(0)
        first.cancel()
    assert second.result() == "kf-canary-1"
    assert plugin.runs == 1


async def test_many_401s_make_one_run(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1")
    await plugin.token()
    await plugin.clock.advance(10)
    plugin.answers("kf-canary-2")
    async with asyncio.TaskGroup() as group:
        told = [group.create_task(plugin.credential.rejected()) for _ in range(10)]
    assert all(task.result() for task in told)
    assert await plugin.credential.rejected()
    assert plugin.runs == 2


async def test_the_same_credential_again_after_a_401_is_final(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1")
    await plugin.token()
    await plugin.clock.advance(10)
    assert not await plugin.credential.rejected()


async def test_a_failed_run_after_a_401_is_final_and_drops_the_credential(plugin: Plugin) -> None:
    plugin.answers("kf-canary-1")
    await plugin.token()
    await plugin.clock.advance(10)
    plugin.breaks()
    assert not await plugin.credential.rejected()
    with pytest.raises(UnreachableError):
        await plugin.token()


async def test_an_answer_that_is_already_old_is_used_once_per_five_seconds(
    plugin: Plugin,
) -> None:
    """The plugin's clock may be behind ours; the server decides."""
    plugin.answers("kf-canary-1", -60)
    assert await plugin.token() == "kf-canary-1"
    assert await plugin.token() == "kf-canary-1"
    assert plugin.runs == 1


async def test_presents_token_and_certificate(
    plugin: Plugin, pairs: tuple[ClientCertificate, ClientCertificate]
) -> None:
    certificate, key = pairs[0].certificate_pem.decode(), pairs[0].key_pem.decode()
    plugin.answers("kf-canary-1", clientCertificateData=certificate, clientKeyData=key)
    assert await plugin.credential.certificate() == pairs[0]
    assert await plugin.token() == "kf-canary-1"
    assert plugin.runs == 1


async def test_a_certificate_alone_gives_no_header(
    plugin: Plugin, pairs: tuple[ClientCertificate, ClientCertificate]
) -> None:
    certificate, key = pairs[0].certificate_pem.decode(), pairs[0].key_pem.decode()
    plugin.answers("", clientCertificateData=certificate, clientKeyData=key)
    assert await plugin.credential.headers() == {}


async def test_says_that_nobody_is_there_to_ask(tmp_path: Path, clock: FakeClock) -> None:
    plugin = Plugin(tmp_path, clock, "Always")
    with pytest.raises(InvalidInputError, match="must ask a person"):
        await plugin.token()
    assert plugin.runs == 0
