# SPDX-License-Identifier: Apache-2.0
"""Faults in an order: each begins after so many requests or so much time, and ends likewise.

    script = Script([
        Step(faults.answer_lost(when=secrets, times=1), after=3, of=secrets),
        Step(faults.throttled(when=secrets), for_s=2.0),
    ])
    async with proxy.playing(script):
        ...

A script that came from a seed is the same for the same seed, and can be printed.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from keyfleet.localplane import faults, slow
from keyfleet.localplane.exchange import Seen
from keyfleet.localplane.faults import Fault, When, everything


@dataclass(frozen=True, slots=True)
class Step:
    """One fault of a script."""

    fault: Fault | None
    """None: nothing is wrong while the step lasts."""
    after: int = 0
    """It begins once so many chosen requests were let through since the step before ended."""
    of: When = everything
    """Which requests `after` counts."""
    wait_s: float = 0.0
    """It begins no sooner than this after the step before ended."""
    for_s: float | None = None
    """It ends after this time; None: when the fault's `times` are used up."""

    def __str__(self) -> str:
        """Return one line for people."""
        begin = f"after {self.after} requests" if self.after else f"after {self.wait_s:.2f} s"
        what = self.fault.name if self.fault else "nothing"
        end = f"for {self.for_s:.2f} s" if self.for_s is not None else ""
        times = self.fault.times if self.fault else None
        return f"{begin}: {what}{f' {times} times' if times is not None else ''} {end}".rstrip()


class Stage(Protocol):
    """Where a script plays: what `FaultProxy` offers."""

    def inject(self, fault: Fault) -> Fault:
        """Add a fault."""
        ...

    async def heal(self, fault: Fault | None = None) -> None:
        """Remove a fault."""
        ...


@dataclass(slots=True)
class Script:
    """Steps, one after the other."""

    steps: Sequence[Step]
    seed: int | None = None
    """What the steps were made from."""
    _passed: int = 0
    _counts: When | None = None
    _next: Callable[[], None] | None = None

    def __str__(self) -> str:
        """Return what happens, a line per step."""
        head = [f"seed {self.seed}"] if self.seed is not None else []
        return "\n".join([*head, *(f"{n}. {step}" for n, step in enumerate(self.steps, 1))])

    def hear(self, seen: Seen) -> None:
        """Count a request that was let through; the step that waited for it begins at once."""
        if self._counts is None or not self._counts(seen):
            return
        self._passed -= 1
        if self._passed <= 0 and self._next is not None:
            self._counts = None
            self._next()

    async def play(self, stage: Stage) -> None:
        """Play all steps on a stage whose requests come to `hear`; leave nothing wrong."""
        for step in self.steps:
            await asyncio.sleep(step.wait_s)
            await self._begin(step, stage)
            try:
                await self._end(step)
            finally:
                if step.fault is not None:
                    await stage.heal(step.fault)

    async def _begin(self, step: Step, stage: Stage) -> None:
        begun = asyncio.Event()

        def begin() -> None:
            if step.fault is not None:
                stage.inject(step.fault)
            begun.set()

        if not step.after:
            begin()
            return
        # The fault is in place before the next request is looked at, whoever runs first.
        self._passed, self._next, self._counts = step.after, begin, step.of
        await begun.wait()

    async def _end(self, step: Step) -> None:
        if step.for_s is not None:
            await asyncio.sleep(step.for_s)
        elif step.fault is not None:
            await step.fault.is_spent()


Maker = Callable[[When, int | None], Fault]

_MAKERS: dict[str, Maker] = {
    "error": lambda when, times: faults.error(503, when=when, times=times),
    "conflict": lambda when, times: faults.error(409, "Conflict", when=when, times=times),
    "throttled": lambda when, times: faults.throttled(1, when=when, times=times),
    "reset": lambda when, times: faults.reset(when=when, times=times),
    "lost": lambda when, times: faults.answer_lost(when=when, times=times),
    "late": lambda when, times: slow.delayed(0.05, jitter_s=0.3, when=when, times=times),
    "half": lambda when, times: faults.half_line(when=when, times=times),
    "gone": lambda when, times: faults.gone_event(when=_and_watch(when), times=times),
    "ended": lambda when, times: faults.ended(when=_and_watch(when), times=times),
}

_CHOICES: dict[str, When] = {
    "writes": faults.writes,
    "watches": faults.watches,
    "secrets": faults.on("secrets"),
    "all": everything,
}


def from_seed(seed: int, *, steps: int = 8) -> Script:
    """Return a script of chance, the same for the same seed; every step ends by itself.

    >>> str(from_seed(7)) == str(from_seed(7)) != str(from_seed(8))
    True
    """
    random = Random(seed)  # noqa: S311 - which faults, no secrets
    return Script([_step(random) for _ in range(steps)], seed)


def _step(random: Random) -> Step:
    name = random.choice(sorted(_MAKERS))
    choice = random.choice(sorted(_CHOICES))
    times = random.choice([1, 2, 5, None])
    fault = _MAKERS[name](_CHOICES[choice], times)
    fault.name = f"{name} on {choice}"
    wait_s = round(random.random() * 0.4, 3)
    return Step(fault, wait_s=wait_s, for_s=round(0.1 + random.random() * 0.6, 3))


def _and_watch(when: When) -> When:
    return lambda seen: seen.is_watch and when(seen)
