# SPDX-License-Identifier: Apache-2.0
"""Prepare the process itself, before any secret is in its memory."""

import ctypes
import gc
import resource
import sys

OPEN_FILES = 65_536
"""Soft limit to ask for: a connection pool per cluster needs more than the usual 1,024."""

COLLECT_AFTER = 20_000
"""Objects more than freed, after which cycles are looked for (Python: 700): most of what a
controller makes lives long, and looking through it so often took 7 % of its CPU."""

_PR_SET_DUMPABLE = 4


def harden_process() -> None:
    """Switch off core dumps and raise the soft limit of open files; never fails.

    On Linux the process is also made undumpable: where the kernel pipes cores to a program
    (systemd-coredump, apport) the size limit does not count, and other processes of the same user
    may not read its memory either.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _raise_open_files()


def collect_less_often() -> None:
    """Look for unreachable cycles less often, as suits a process that keeps what it makes."""
    gc.set_threshold(COLLECT_AFTER, 20, 100)


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # macOS refuses more than kern.maxfilesperproc, which it does not tell: keep what there is.
        return
