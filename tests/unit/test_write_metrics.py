# SPDX-License-Identifier: Apache-2.0
import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "write_metrics.py"


def test_the_reference_page_is_as_the_source_says() -> None:
    """`make docs` writes it anew."""
    written = runpy.run_path(str(SCRIPT))
    assert written["PAGE"].read_text() == written["page"]()
