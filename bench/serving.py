# SPDX-License-Identifier: Apache-2.0
"""How a contestant takes requests: one JSON line in, one JSON line out."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from keyfleet.base import codec

Answer = Callable[[dict[str, Any]], Awaitable[Any]]


async def serve(answer: Answer) -> None:
    """Answer requests until standard input ends."""
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        found = await answer(codec.decode_json(line, subject="a request"))
        sys.stdout.buffer.write(codec.encode_json(found) + b"\n")
        sys.stdout.buffer.flush()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on the event loop that `keyfleet run` would use."""
    asyncio.run(main)
