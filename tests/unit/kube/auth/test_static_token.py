# SPDX-License-Identifier: Apache-2.0
from keyfleet.base.secret import SecretValue
from keyfleet.kube.auth.static_token import StaticToken


async def test_presents_its_token_and_no_certificate() -> None:
    credential = StaticToken(SecretValue(b"kf-canary-token"))
    assert await credential.headers() == {"Authorization": "Bearer kf-canary-token"}
    assert await credential.certificate() is None


async def test_another_try_is_pointless() -> None:
    assert not await StaticToken(SecretValue(b"kf-canary-token")).rejected()


def test_shows_nothing() -> None:
    assert "kf-canary" not in repr(StaticToken(SecretValue(b"kf-canary-token")))
