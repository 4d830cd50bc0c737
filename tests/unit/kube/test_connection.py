# SPDX-License-Identifier: Apache-2.0
"""What becomes of an answer that nobody can read."""

from typing import Any

import pytest

from keyfleet.base.errors import UnreachableError
from keyfleet.kube.client import Client
from keyfleet.testing.canary import find_canary


@pytest.mark.parametrize("body", [b"<html>kf-canary-x</html>", b"\xff", b'{"metadata":7,"data":7}'])
async def test_an_answer_that_is_no_object_is_our_error(
    loopback: Any, client: Client, body: bytes
) -> None:
    loopback.on("GET", loopback.answer(body))
    with pytest.raises(UnreachableError) as caught:
        await client.find_secret("a", "b")
    assert (caught.value.code, caught.value.subject) == (
        "api.unexpected_answer",
        "east/a/b (secrets)",
    )
    assert not find_canary(repr(caught.value))
