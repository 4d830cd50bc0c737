# SPDX-License-Identifier: Apache-2.0
"""Look up names for those who may not be sent everywhere.

A kubeconfig from an inventory names a host that its author controls, and that may answer with
another address each time. What counts is therefore the address that is connected to.

Source: docs/compat/fleet.md, 5 ("private address / metadata service as server").
"""

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from keyfleet.kube.kubeconfig_server import is_off_limits


class OffLimitsError(OSError):
    """A name led to a link-local or metadata address."""


class GuardedResolver(AbstractResolver):
    """The system's resolver without what is off limits; one such address spoils the whole answer.

    Numeric hosts never get here: they were checked when the kubeconfig was read.
    """

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            OffLimitsError: One of them may not be connected to.
        """
        found = await self._inner.resolve(host, port, family)
        if any(is_off_limits(one["host"]) for one in found):
            message = "a link-local or metadata address"
            raise OffLimitsError(message)
        return found

    async def close(self) -> None:
        """End it."""
        await self._inner.close()
