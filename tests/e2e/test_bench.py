# SPDX-License-Identifier: Apache-2.0
"""The benchmark program runs to its end; what it measures is no test."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from bench.__main__ import NAMES

ROOT = Path(__file__).parents[2]
TOLD = {
    "templates": "template",
    "fanout": "fan-out CPU",
    "propagation": "propagation",
    "rules": "policy",
    "blackhole": "silent",
    "keeping": "steady restart",
    "provider": "provider",
    "seal": "seal",
    "unseal": "unseal",
    "sealed": "restart",
}
"""Benchmark -> words in the names of its figures."""
SEALING = ["seal", "unseal", "sealed"]
RUNS = [[name for name in TOLD if name not in SEALING], SEALING]
"""Those of one run share its planes; all at once take longer than a test may."""


def test_every_benchmark_is_in_a_run() -> None:
    assert sorted(NAMES) == sorted(name for run in RUNS for name in run)


@pytest.mark.timeout(400, func_only=True)
@pytest.mark.parametrize("benches", RUNS, ids=["engine", "sealing"])
def test_every_benchmark_runs_and_is_written(tmp_path: Path, benches: list[str]) -> None:
    """Tiny sizes: valid JSON, an exit code of 0 even when a target is missed."""
    found = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", *benches, "--quick", "--json", str(found)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=380,
    )
    assert done.returncode == 0, done.stderr
    figures = msgspec.json.decode(found.read_bytes())
    assert len(figures) == len(done.stdout.splitlines()) - 1
    for figure in figures:
        assert set(figure) == {"name", "value", "target", "ok", "unit", "note"}
        assert isinstance(figure["value"], float | int)
        assert isinstance(figure["ok"], bool)
    names = " ".join(figure["name"] for figure in figures)
    for bench in benches:
        for word in TOLD[bench].split():
            assert word in names
