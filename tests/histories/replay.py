# SPDX-License-Identifier: Apache-2.0
"""Play one history again: `python -m tests.histories.replay SEED FILE`.

FILE holds a deed a line, as a failure prints them.
"""

import sys
from pathlib import Path

from tests.histories.deeds import Deed, read
from tests.histories.machine import Histories
from tests.histories.world import World


def replay(seed: int, history: list[Deed]) -> Histories:
    """Return the machine after a history; an AssertionError says what does not hold."""
    machine = Histories()
    machine.world = World(seed)
    try:
        for deed, how in history:
            machine.do(deed, **how)
    except BaseException:
        machine.world.close()
        raise
    return machine


def main() -> None:
    """Play what the command line names."""
    machine = replay(int(sys.argv[1]), read(Path(sys.argv[2]).read_text()))
    machine.teardown()


if __name__ == "__main__":
    main()
