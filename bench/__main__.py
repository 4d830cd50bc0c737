# SPDX-License-Identifier: Apache-2.0
"""Run the benchmarks: a table on standard output and `build/bench.json`.

    python -m bench [fanout propagation ...] [--quick] [--rounds N] [--json FILE]

A missed target is told in the table and in the file and is no failure: exit code 0.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bench.blackhole import Blackhole
from bench.fanout import Fanout
from bench.figures import Figure, table, write_json
from bench.keeping import Keeping
from bench.propagation import Propagation
from bench.provider import Provider
from bench.rules import Rules
from bench.sealed import Sealed
from bench.sealing import measure_sealing, measure_unsealing
from bench.sizes import FULL, QUICK, Sizes
from bench.stage import Stage, open_stage
from bench.templates import measure_templates


class Bench(Protocol):
    """One benchmark on a stage."""

    async def run(self) -> list[Figure]:
        """Measure."""
        ...


BENCHES: dict[str, Callable[[Stage, Sizes], Bench]] = {
    "fanout": Fanout,
    "propagation": Propagation,
    "rules": Rules,
    "blackhole": Blackhole,
    "keeping": Keeping,
    "provider": Provider,
    "sealed": Sealed,
}
ALONE: dict[str, Callable[[Sizes], list[Figure]]] = {
    "templates": measure_templates,
    "seal": measure_sealing,
    "unseal": measure_unsealing,
}
"""Benchmarks that need no planes."""
NAMES = (*ALONE, *BENCHES)
WIDE = {"propagation", "blackhole", "provider"}
"""Benchmarks that need `Sizes.wide` members."""
ONE = {"sealed"}
"""Benchmarks that need one."""


async def measure(names: list[str], sizes: Sizes, profile: str = "") -> list[Figure]:
    """Run benchmarks one after the other on the same planes."""
    figures = [figure for name in names if name in ALONE for figure in ALONE[name](sizes)]
    names = [name for name in names if name in BENCHES]
    if not names:
        return figures
    members = max(_members(name, sizes) for name in names)
    _end_in_order()
    async with open_stage(members, _tell) as stage:
        for name in names:
            _tell(f"{name} ...")
            figures += await BENCHES[name](replace(stage, profile=profile), sizes).run()
    return figures


def _members(name: str, sizes: Sizes) -> int:
    if name in ONE:
        return 1
    return sizes.wide if name in WIDE else sizes.members


def main() -> None:
    """Read the command line, measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("benches", nargs="*", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works")
    parser.add_argument("--rounds", type=int, help="interleaved rounds")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--profile", default="", help="write the controller's cProfile there")
    given = parser.parse_args()
    if unknown := set(given.benches) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    sizes = QUICK if given.quick else FULL
    if given.rounds:
        sizes = replace(sizes, rounds=given.rounds)
    names = [name for name in NAMES if name in given.benches or not given.benches]
    try:
        figures = asyncio.run(measure(names, sizes, given.profile))
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("interrupted: nothing was written")
    write_json(figures, given.json)
    sys.stdout.write(table(figures))


def _end_in_order() -> None:
    # SIGTERM has to end the contestants too, as Ctrl-C does.
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
