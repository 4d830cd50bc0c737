# SPDX-License-Identifier: Apache-2.0
"""What ends with its `async with` block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Stoppable(ABC):
    """Something started that must be stopped, however its block ends."""

    @abstractmethod
    async def stop(self) -> None:
        """End it; harmless when repeated."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.stop()
