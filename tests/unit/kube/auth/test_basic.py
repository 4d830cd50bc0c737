# SPDX-License-Identifier: Apache-2.0
from base64 import b64encode

from keyfleet.base.secret import SecretValue
from keyfleet.kube.auth.basic import Basic


async def test_presents_user_and_password_in_utf8() -> None:
    password = "kf-canary-pässword"
    credential = Basic("jörg", SecretValue(password.encode()))
    expected = b64encode(f"jörg:{password}".encode()).decode()
    assert await credential.headers() == {"Authorization": f"Basic {expected}"}
    assert await credential.certificate() is None
    assert not await credential.rejected()


def test_shows_no_password() -> None:
    assert "kf-canary" not in repr(Basic("me", SecretValue(b"kf-canary-password")))
