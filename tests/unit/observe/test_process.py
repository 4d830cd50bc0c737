# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

REPORT = """
import ctypes, resource, sys
{before}
from keyfleet.observe.process import harden_process
harden_process()
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if sys.platform == "linux" else 0
cores, files = (resource.getrlimit(kind) for kind in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE))
print(*cores, dumpable, *files)
"""


def _harden(before: str = "") -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT.format(before=before)],
        capture_output=True,
        check=True,
        text=True,
    )
    return [int(word) for word in done.stdout.split()]


def test_there_are_no_core_dumps() -> None:
    core_soft, core_hard, dumpable, *_ = _harden()
    assert (core_soft, core_hard, dumpable) == (0, 0, 0)


@pytest.mark.parametrize(("soft", "hard", "after"), [(100, 300, 300), (300, 300, 300)])
def test_open_files_go_up_to_the_hard_limit(soft: int, hard: int, after: int) -> None:
    limits = _harden(f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))")
    assert limits[3:] == [after, hard]
