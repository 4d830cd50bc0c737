# SPDX-License-Identifier: Apache-2.0
"""Run a fuzzer on all cores until its time is over."""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Protocol

FINDINGS_MAX = 10
"""Of one worker: more of them say no more."""


class Finding(Protocol):
    """An input, and what was wrong with it."""

    @property
    def about(self) -> str:
        """What was wrong."""
        ...

    def keep(self) -> Path:
        """Write it into the corpus, under a name of its own."""
        ...


Work = Callable[[int, float], tuple[int, list[Finding]]]
"""Fuzzes from one seed until a time; gives how many inputs it tried, and what it found."""


def fuzz(work: Work, about: str | None) -> int:
    """Run one worker for each core and keep what they find; return the exit code."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    end_s = time.time() + 60 * options.minutes
    with ProcessPoolExecutor(options.workers) as pool:
        firsts = range(options.seed, options.seed + options.workers)
        done = [run.result() for run in [pool.submit(work, first, end_s) for first in firsts]]
    found = [case for _, cases_found in done for case in cases_found]
    for case in found:
        print(f"{case.keep()}: {case.about}\n  {case!r}")  # noqa: T201
    print(f"{sum(count for count, _ in done)} inputs, {len(found)} findings")  # noqa: T201
    return 1 if found else 0
