# SPDX-License-Identifier: Apache-2.0
"""The real kubeseal as a person calls it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.sealing.serviceproxy import PORT, SERVICE, ServiceProxy

from keyfleet.localplane import FaultProxy, kubeconfigs

PATIENCE_S = 60.0

Done = tuple[int, bytes, str]
"""Exit status, output, and what was said of errors."""


@dataclass
class Kubeseal:
    """The program, a cluster that it knows, and the namespace where it looks for a controller."""

    program: Path
    kubeconfig: Path
    namespace: str

    async def __call__(self, *words: str, given: bytes = b"", offline: bool = False) -> Done:
        """Run it to its end; offline, it knows no cluster."""
        environ = {"SEALED_SECRETS_CONTROLLER_NAMESPACE": self.namespace, "HOME": "/nonexistent"}
        process = await asyncio.create_subprocess_exec(
            str(self.program),
            *words,
            env=environ if offline else {**environ, "KUBECONFIG": str(self.kubeconfig)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate(given)
        assert process.returncode is not None
        return process.returncode, out, err.decode()


async def put_in_front(
    proxy: FaultProxy, namespace: str, address: str, kubeconfig: Path
) -> ServiceProxy:
    """Create a Service of upstream's name, which leads to an address, and a login for kubeseal."""
    spec: dict[str, Any] = {
        "ports": [{"name": PORT, "port": 8080}],
        "selector": {"app.kubernetes.io/name": "keyfleet"},
    }
    await asyncio.to_thread(
        proxy.plane.api.must,
        "POST",
        f"/api/v1/namespaces/{namespace}/services",
        {"metadata": {"name": SERVICE}, "spec": spec},
    )
    found = ServiceProxy(namespace, address)
    proxy.inject(found.fault())
    kubeconfigs.write(kubeconfig, proxy.kubeconfig())
    return found
