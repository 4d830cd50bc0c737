# SPDX-License-Identifier: Apache-2.0
"""Is the cluster answering? One circuit per cluster.

The first failure stops new work and starts probing; an answer lets everything through at once. Only
when probes keep failing is the cluster called unreachable, so that one lost connection does not
flap the status.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError, TemporaryError
from keyfleet.base.tasks import spawn, stop

PROBE_TIMEOUT_S = 5.0
FAILURES_TO_OPEN = 2
PROBE_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)


class Circuit:
    """Stop, probe, go on."""

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]],
        *,
        on_doubt: Callable[[], None],
        on_open: Callable[[KeyfleetError], None],
        on_close: Callable[[bool], None],
        clock: Clock,
        random: Random,
        backoff: Backoff = PROBE_BACKOFF,
    ) -> None:
        """Make a closed circuit.

        Args:
            probe: Ask the cluster something small.
            on_doubt: Called at the first failure: stop sending.
            on_open: Called when the cluster is taken to be unreachable, with the last error.
            on_close: Called when it answers (again); told whether a probe had failed before, since
                one broken request is no reason to forget every back-off.
            clock: For the waits between probes.
            random: For jitter.
            backoff: Wait between probes.
        """
        self._probe = probe
        self._on_doubt = on_doubt
        self._on_open = on_open
        self._on_close = on_close
        self._clock = clock
        self._random = random
        self._backoff = backoff
        self._task: asyncio.Task[None] | None = None
        self.is_open = False
        self.error: KeyfleetError | None = None

    def failed(self, error: KeyfleetError) -> None:
        """Learn that a request or a watch failed; probes until the cluster answers."""
        self.error = error
        if self._task is None or self._task.done():
            self._on_doubt()
            self._task = spawn(self._probe_until_answered(), name="circuit")

    async def close(self) -> None:
        """Stop probing."""
        await stop(self._task)

    async def _probe_until_answered(self) -> None:
        failures = 0
        while not await self._answers():
            failures += 1
            if failures >= FAILURES_TO_OPEN and not self.is_open and self.error is not None:
                self.is_open = True
                self._on_open(self.error)
            await self._clock.sleep(self._backoff.delay_s(failures, self._random))
        self.is_open = False
        self.error = None
        self._on_close(failures > 0)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await self._probe()
        except TemporaryError as error:
            self.error = error
            return False
        except KeyfleetError:
            # Refusing is an answer.
            return True
        except TimeoutError:
            return False
        return True
