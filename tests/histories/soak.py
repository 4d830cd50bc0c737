# SPDX-License-Identifier: Apache-2.0
"""Many more histories than a test has time for: `make soak`.

Each worker plays batches from seeds of its own until the time is over. A history that fails is
printed and ends the run of that worker, with the command that plays its batch again and shrinks it.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.histories.machine import Histories
from tests.histories.sealedmachine import SealedHistories

BATCH = 100
STEPS = 25


def play(seed: int, count: int, *, of: type[Histories] = Histories, shrink: bool = True) -> int:
    """Play histories from one seed; return how many held, and raise what one of them found."""

    class Batch(of):  # type: ignore[valid-type, misc]
        pass

    # The way of `hypothesis.seed`, which is for functions.
    Batch._hypothesis_internal_use_seed = seed
    run_state_machine_as_test(
        Batch,
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            print_blob=False,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    survived: int = Batch.survived
    return survived


def machine_of(seed: int) -> type[Histories]:
    """Return what soaks play from a seed: much is sealed from every second one."""
    return SealedHistories if seed % 2 else Histories


def work(first: int, step: int, end_s: float) -> tuple[int, str]:
    """Play batch after batch; return how many histories held, and what ended it."""
    survived, seed = 0, first
    while time.time() < end_s:
        try:
            survived += play(seed, BATCH, of=machine_of(seed), shrink=False)
        except Exception as error:  # noqa: BLE001 - whatever a history finds is the result
            again = f"make soak SOAK_SEED={seed} SOAK_MINUTES=0"
            return survived, f"{error}\nplay it again: {again}"
        seed += step
    return survived, ""


def main() -> int:
    """Soak on all cores; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first batch")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if not options.minutes:
        survived = play(options.seed, BATCH, of=machine_of(options.seed))
        print(f"{survived} histories survived")  # noqa: T201 - its purpose
        return 0
    end_s = time.time() + 60 * options.minutes
    with ProcessPoolExecutor(options.workers) as pool:
        seeds = range(options.seed, options.seed + options.workers)
        runs = [pool.submit(work, seed, options.workers, end_s) for seed in seeds]
        found = [run.result() for run in runs]
    failures = [text for _, text in found if text]
    survived = sum(count for count, _ in found)
    said = [*failures, f"{survived} histories survived, {len(failures)} workers found something"]
    print("\n\n".join(said))  # noqa: T201 - its purpose
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
