# SPDX-License-Identifier: Apache-2.0
"""Several control planes at once, and one kubeconfig for all of them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Self

from keyfleet.localplane import assets, kubeconfigs, paths
from keyfleet.localplane.plane import ControlPlane
from keyfleet.localplane.stoppable import Stoppable


class LocalFleet(Stoppable):
    """Planes that start together and stop together; the first is the hub.

    async with await LocalFleet.start(["hub", "east", "west"], print) as fleet:
        fleet.write_kubeconfig(path)
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Prepare the planes; nothing runs yet."""
        self.planes = {name: ControlPlane(name) for name in names}
        """Context name -> plane, in the order given."""

    @classmethod
    async def start(cls, names: Sequence[str], progress: paths.Progress = paths.silent) -> Self:
        """Start planes of these names; `progress` is called from a thread.

        Raises:
            KeyfleetError: As `ControlPlane.start`; nothing is left running.
        """
        fleet = cls(names)
        try:
            await asyncio.to_thread(fleet.open, progress)
        except BaseException:
            fleet.close()
            raise
        return fleet

    async def stop(self) -> None:
        """End all planes; harmless when repeated."""
        await asyncio.to_thread(self.close)

    def open(self, progress: paths.Progress = paths.silent) -> Self:
        """Start all planes and return when each answers; none runs when one cannot."""
        pool = ThreadPoolExecutor(len(self.planes), thread_name_prefix="plane")
        try:
            folder = assets.ensure(progress)
            progress(f"starting {len(self.planes)} control planes")
            starts = {pool.submit(plane.open, folder): plane for plane in self.planes.values()}
            for start in as_completed(starts):
                progress(f"{start.result().name} is ready at {starts[start].url}")
        except BaseException:
            self.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return self

    def close(self) -> None:
        """End all planes; harmless when repeated."""
        for plane in self.planes.values():
            plane.close()

    def kubeconfig(self, user: str = "admin") -> dict[str, Any]:
        """Return one kubeconfig with a context per plane; the hub's is the current one."""
        return kubeconfigs.merged(plane.kubeconfig(user) for plane in self.planes.values())

    def write_kubeconfig(self, path: Path, user: str = "admin") -> Path:
        """Write that kubeconfig, readable by its owner only; return the path."""
        return kubeconfigs.write(path, self.kubeconfig(user))
