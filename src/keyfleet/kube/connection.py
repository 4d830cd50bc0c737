# SPDX-License-Identifier: Apache-2.0
"""The connection to one cluster's API server: one question, one answer.

Every error is one of ours and quotes nothing the server said (`keyfleet.kube.responses`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from keyfleet.base.clock import Clock
from keyfleet.base.log import Hooks, NoHooks
from keyfleet.kube.access import Access
from keyfleet.kube.decoding import UNDECODABLE
from keyfleet.kube.requests import PAGE, Request
from keyfleet.kube.responses import unexpected_answer
from keyfleet.kube.transport import Timeouts, Transport

T = TypeVar("T")

_NO_HOOKS = NoHooks()


class Waiting(Protocol):
    """A watch that may be waiting for its cluster to be there again."""

    def hurry(self) -> None:
        """Try again now."""
        ...


class Connection:
    """What all that is asked of one cluster goes through."""

    def __init__(
        self,
        cluster: str,
        access: Access,
        *,
        clock: Clock,
        hooks: Hooks = _NO_HOOKS,
        in_flight: int = 32,
        timeouts: Timeouts | None = None,
        page: int = PAGE,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            cluster: Its name, for errors, logs and metrics.
            access: How to reach it and log in.
            clock: For durations and waits.
            hooks: Told about each request.
            in_flight: Short requests at a time, at most.
            timeouts: How long the parts of an exchange may take.
            page: Objects per page of a list.
        """
        self.cluster = cluster
        self.page = page
        """Objects per page of a list."""
        self.streams_lists: bool = True
        """Whether watches may begin with a streamed list; learned from the first refusal."""
        self.clock = clock
        self.watches: set[Waiting] = set()
        """Watches of this cluster that run: the first that it answers again wakes the others."""
        self.transport = Transport(
            cluster,
            access,
            clock=clock,
            hooks=hooks,
            in_flight=in_flight,
            timeouts=timeouts or Timeouts(),
        )

    @property
    def clock_offset_s(self) -> float | None:
        """Seconds that the server's clock is ahead of ours (about); None before any answer."""
        return self.transport.server_clock.offset_s

    async def close(self) -> None:
        """End all connections."""
        await self.transport.close()

    async def _ask(self, request: Request, decode: Callable[[bytes], T]) -> T:
        body = await self.transport.send(request)
        with suppress(*UNDECODABLE):
            return decode(body)
        # Out here, since the original would keep the body as context.
        raise unexpected_answer(f"{self.cluster}/{request.subject}")
