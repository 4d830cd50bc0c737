# SPDX-License-Identifier: Apache-2.0
"""A TLS handshake that is put off, as a server under load or a half-dead balancer does."""

import asyncio
import ssl
from collections.abc import Callable

from keyfleet.base.tasks import spawn


class LateHandshake(asyncio.Protocol):
    """Accepts a connection, waits, and only then begins TLS for the protocol behind it."""

    def __init__(
        self,
        behind: Callable[[], asyncio.BaseProtocol],
        context: ssl.SSLContext,
        delay_s: float,
        tasks: set[asyncio.Task[None]],
    ) -> None:
        """Wait for a connection.

        Args:
            behind: Makes what speaks once TLS stands.
            context: The server's.
            delay_s: How long to say nothing.
            tasks: Where what is put off is kept, for the owner to end.
        """
        self._behind = behind
        self._context = context
        self._delay_s = delay_s
        self._tasks = tasks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Leave what the client says unread until it is time."""
        if not isinstance(transport, asyncio.Transport):
            return
        transport.pause_reading()
        task = spawn(self._go_on(transport), name="late handshake")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_on(self, transport: asyncio.Transport) -> None:
        try:
            await asyncio.sleep(self._delay_s)
            protocol = self._behind()
            secured = await asyncio.get_running_loop().start_tls(
                transport, protocol, self._context, server_side=True
            )
        except (OSError, RuntimeError):
            # The client did not wait.
            transport.abort()
            return
        except asyncio.CancelledError:
            transport.abort()
            raise
        if secured is not None:
            protocol.connection_made(secured)
