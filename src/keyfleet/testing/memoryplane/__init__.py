# SPDX-License-Identifier: Apache-2.0
"""API servers in memory, for thousands of histories a minute; no sockets, no threads.

`MemoryPlane` answers requests as a kube-apiserver does, as far as Keyfleet relies on it;
`Internet` puts planes behind the HTTP sessions of `keyfleet.kube`, with faults on the way;
`VirtualLoop` runs it all in virtual time. `tests/contract/test_memoryplane.py` holds the plane to
the answers of a real one.
"""

from keyfleet.testing.memoryplane.internet import Internet, Process, running_as
from keyfleet.testing.memoryplane.plane import MemoryPlane
from keyfleet.testing.memoryplane.store import Change, Document
from keyfleet.testing.memoryplane.virtualtime import LoopClock, StandstillError, VirtualLoop
from keyfleet.testing.memoryplane.weather import Sky, Weather

__all__ = [
    "Change",
    "Document",
    "Internet",
    "LoopClock",
    "MemoryPlane",
    "Process",
    "Sky",
    "StandstillError",
    "VirtualLoop",
    "Weather",
    "running_as",
]
