# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "write_metrics.py"


def test_the_reference_page_is_as_the_source_says() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--check"], capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stdout) == (0, "docs/reference/metrics.md: current\n")
