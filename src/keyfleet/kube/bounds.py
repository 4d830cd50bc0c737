# SPDX-License-Identifier: Apache-2.0
"""How much of an answer is read: a hostile or broken server must not fill the memory.

aiohttp bounds the head of an answer by itself (8 KiB a line, 128 headers), and `kube.stream` the
line of a watch. What is unpacked counts, not what was sent.
"""

from collections.abc import Mapping

import aiohttp

from keyfleet.base.errors import UnreachableError
from keyfleet.kube.requests import Wait

MIB = 1024 * 1024
OVERSIZED = "api.oversized_answer"

BODY_BYTES: Mapping[Wait, int] = {Wait.SHORT: 8 * MIB, Wait.LIST: 64 * MIB}
"""Longest answer of each kind. No stored object is larger than 3 MiB; a longer page is asked for
again with fewer objects (`kube.paging`)."""
ERROR_BYTES = 1 * MIB
"""Longest refusal that is looked at; of a longer one the status code alone counts."""


def body_limit(status: int, wait: Wait) -> int:
    """Return how many bytes of an answer are read."""
    return BODY_BYTES.get(wait, ERROR_BYTES) if 200 <= status < 300 else ERROR_BYTES


async def read_body(response: aiohttp.ClientResponse, limit: int, *, subject: str) -> bytes:
    """Return the whole body; a refusal's is empty when it is too long.

    Raises:
        UnreachableError: `api.oversized_answer`.
    """
    parts: list[bytes] = []
    size = 0
    while chunk := await response.content.readany():
        size += len(chunk)
        if size > limit:
            # What is left of it is not worth the connection.
            response.close()
            if response.status >= 300:
                return b""
            raise UnreachableError(
                "api.oversized_answer", "the answer is longer than any API server's", subject
            )
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)
