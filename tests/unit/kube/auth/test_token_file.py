# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from keyfleet.base.errors import NotReadyError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.auth.token_file import TokenFile
from keyfleet.testing.clock import FakeClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("kf-canary-1\n")
    return path


def _credential(file: Path, clock: FakeClock, fallback: bytes = b"") -> TokenFile:
    spare = SecretValue(fallback) if fallback else None
    return TokenFile(file, clock, subject="context a", fallback=spare)


async def _token(credential: TokenFile) -> str:
    return (await credential.headers())["Authorization"].removeprefix("Bearer ")


async def test_trims_the_content(file: Path, clock: FakeClock) -> None:
    file.write_text("\n  kf-canary-1 \n")
    assert await _token(_credential(file, clock)) == "kf-canary-1"


async def test_follows_the_file_after_a_minute_less_leeway(file: Path, clock: FakeClock) -> None:
    credential = _credential(file, clock)
    await _token(credential)
    file.write_text("kf-canary-2")
    await clock.advance(49)
    assert await _token(credential) == "kf-canary-1"
    await clock.advance(1)
    assert await _token(credential) == "kf-canary-2"


@pytest.mark.parametrize("broken", ["", " \n", "kf-canary-a\nkf-canary-b", None])
async def test_keeps_the_token_while_the_file_is_broken(
    file: Path, clock: FakeClock, broken: str | None
) -> None:
    credential = _credential(file, clock)
    await _token(credential)
    file.unlink() if broken is None else file.write_text(broken)
    await clock.advance(600)
    assert await _token(credential) == "kf-canary-1"


async def test_the_written_token_serves_until_the_file_was_readable(
    file: Path, clock: FakeClock
) -> None:
    file.unlink()
    credential = _credential(file, clock, b"kf-canary-written")
    assert await _token(credential) == "kf-canary-written"
    file.write_text("kf-canary-1")
    assert await _token(credential) == "kf-canary-1"
    file.unlink()
    await clock.advance(600)
    assert await _token(credential) == "kf-canary-1"


async def test_a_401_reads_the_file_at_once(file: Path, clock: FakeClock) -> None:
    credential = _credential(file, clock)
    await _token(credential)
    await clock.advance(20)
    file.write_text("kf-canary-2")
    assert await credential.rejected()
    assert await _token(credential) == "kf-canary-2"


async def test_a_401_of_the_newest_token_is_final(file: Path, clock: FakeClock) -> None:
    credential = _credential(file, clock)
    await _token(credential)
    await clock.advance(20)
    assert not await credential.rejected()


async def test_a_late_401_of_the_previous_token_is_worth_another_try(
    file: Path, clock: FakeClock
) -> None:
    credential = _credential(file, clock)
    await _token(credential)
    await clock.advance(60)
    file.write_text("kf-canary-2")
    await _token(credential)
    await clock.advance(1)
    assert await credential.rejected()
    assert await _token(credential) == "kf-canary-2"


async def test_a_401_drops_the_token_also_when_the_file_is_gone(
    file: Path, clock: FakeClock
) -> None:
    credential = _credential(file, clock)
    await _token(credential)
    await clock.advance(20)
    file.unlink()
    assert not await credential.rejected()
    with pytest.raises(NotReadyError, match="token file") as caught:
        await credential.headers()
    assert caught.value.subject == "context a"


async def test_has_no_certificate(file: Path, clock: FakeClock) -> None:
    assert await _credential(file, clock).certificate() is None
