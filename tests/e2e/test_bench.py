# SPDX-License-Identifier: Apache-2.0
"""The benchmark program runs to its end; what it measures is no test."""

import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]


def test_every_benchmark_runs_and_is_written(tmp_path: Path) -> None:
    """Tiny sizes, all benchmarks: valid JSON, an exit code of 0 even when a target is missed."""
    found = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json", str(found)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    figures = msgspec.json.decode(found.read_bytes())
    assert len(figures) == len(done.stdout.splitlines()) - 1
    for figure in figures:
        assert set(figure) == {"name", "value", "target", "ok", "unit", "note"}
        assert isinstance(figure["value"], float | int)
        assert isinstance(figure["ok"], bool)
    names = " ".join(figure["name"] for figure in figures)
    kinds = "fan-out CPU propagation policy silent steady restart template provider seal unseal"
    for bench in kinds.split():
        assert bench in names
