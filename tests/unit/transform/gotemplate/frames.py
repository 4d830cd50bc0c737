# SPDX-License-Identifier: Apache-2.0
"""Frames for tests of closures."""

from typing import Any

from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.compiling.frame import Frame
from keyfleet.transform.gotemplate.run import Text


def a_frame(dot: Any = None, *, size: int = 3, **limits: int) -> Frame:
    """Give a frame of its own run, with slots for `$` and two variables."""
    run = a_run(**limits)
    return Frame(run, Text(run), "default", dot, size)
