# SPDX-License-Identifier: Apache-2.0
"""Tell the story: short lines, a moment to read them on a terminal, no waiting elsewhere."""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from keyfleet.base.clock import Clock, SystemClock
from keyfleet.cli.options import Colour
from keyfleet.cli.terminal import Look, look_of, write_data

MARGIN = "   "
PAUSE_S = 1.2


@dataclass(slots=True)
class Narrator:
    """Speaks on standard output."""

    look: Look
    clock: Clock
    pause_s: float = 0.0
    """After each scene, for a person to read."""
    scenes: int = 0

    @classmethod
    def of_this_process(cls, colour: Colour) -> "Narrator":
        """Return the narrator for whoever watches this process."""
        pause_s = PAUSE_S if sys.stdout is not None and sys.stdout.isatty() else 0.0
        return cls(look_of(sys.stdout, os.environ, colour), SystemClock(), pause_s)

    def line(self, text: str = "") -> None:
        """Say one line as it is."""
        write_data(f"{self.look.clean(text)}\n")

    def say(self, text: str) -> None:
        """Say a sentence of the present scene."""
        self.line(f"{MARGIN}{text}")

    async def scene(self, title: str) -> None:
        """Begin the next scene."""
        if self.scenes:
            await self.clock.sleep(self.pause_s)
        self.scenes += 1
        write_data(f"\n{self.look.paint(self.look.clean(f'{self.scenes}. {title}'), 'bold')}\n")

    def happened(self, where: str, what: str, seconds: float | None = None) -> None:
        """Tell what happened in a cluster, and how long after its cause."""
        self._mark("✔", "green", where, what, seconds)

    def prevented(self, where: str, what: str, seconds: float | None = None) -> None:
        """Tell what was not done to a cluster, and how long after it was asked for."""
        self._mark("■", "yellow", where, what, seconds)

    def _mark(self, sign: str, colour: str, where: str, what: str, seconds: float | None) -> None:
        mark = self.look.paint(self.look.clean(sign), colour)
        time = f"  after {seconds * 1000:.0f} ms" if seconds is not None else ""
        write_data(f"{MARGIN}{mark} {self.look.clean(f'{where:<6} {what}{time}')}\n")

    def quote(self, text: str) -> None:
        """Show a manifest."""
        for line in text.rstrip().splitlines():
            write_data(f"{MARGIN}  {self.look.paint(self.look.clean(line), 'dim')}\n")


def program() -> str:
    """Return the word by which a shell here runs this very program."""
    own = Path(sys.argv[0])
    found = shutil.which(own.name)
    if found is not None and Path(found).resolve() == own.resolve():
        return own.name if own.name == "keyfleet" else "kubectl keyfleet"
    path = own.resolve()
    near = os.path.relpath(path)
    return shlex.quote(str(path) if near.startswith("..") else near)
