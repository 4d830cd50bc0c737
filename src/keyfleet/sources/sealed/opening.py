# SPDX-License-Identifier: Apache-2.0
"""Many sealed items opened beside the event loop, and what upstream says of those that do not open.

Source: compat/sealed-secrets.md 1.4.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import Keyset
from keyfleet.base.secret import SecretValue

PLACES = (os.cpu_count() or 1) + 1
"""The work releases the interpreter lock: one cluster has as many as there are cores, and one is
left for others."""
OPENERS = ThreadPoolExecutor(PLACES, thread_name_prefix="unseal")
TURN_S = 0.015
"""How long a turn lasts, about: so that no long manifest holds up the others. An item is not
interrupted, and takes 1.6 ms with a key of 4096 bits that is found at once."""

Turn = AbstractAsyncContextManager[None]

NO_KEY = "no key could decrypt secret"
"""Upstream's text, also of what is too short or too large: which step failed is nobody's business.
"""


@dataclass(slots=True)
class Found:
    """What became of each item."""

    values: dict[str, SecretValue] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Name of an item -> why it does not open."""

    @property
    def count(self) -> int:
        """How many items were tried."""
        return len(self.values) + len(self.failures)

    def upstreams_text(self) -> str:
        """Return all failures as upstream groups them, sorted.

        >>> print(Found(failures={"b": "no", "c": "bad", "a": "no"}).upstreams_text())
        bad (c)
        no (a, b)
        """
        groups: dict[str, list[str]] = {}
        for name, message in sorted(self.failures.items()):
            groups.setdefault(message, []).append(name)
        return "\n".join(f"{text} ({', '.join(groups[text])})" for text in sorted(groups))


async def open_items(
    items: Mapping[str, str], label: bytes, keys: Keyset, turn: Callable[[], Turn]
) -> Found:
    """Return the values of sealed items under a label, and the reasons of those that fail.

    Args:
        items: Name -> sealed text.
        label: What all of them are bound to.
        keys: Those of the cluster.
        turn: Held while some of the items are opened.
    """
    loop, found = asyncio.get_running_loop(), Found()
    rest = iter(sorted(items.items()))
    while found.count < len(items):
        async with turn():
            await loop.run_in_executor(OPENERS, _open, rest, label, keys, found)
    return found


def _open(rest: Iterator[tuple[str, str]], label: bytes, keys: Keyset, found: Found) -> None:
    end = time.monotonic() + TURN_S
    for name, text in rest:
        try:
            found.values[name] = keys.open(text, label).value
        except DeniedError:
            found.failures[name] = NO_KEY
        except InvalidInputError as error:
            found.failures[name] = error.message if error.code == "sealing.base64" else NO_KEY
        if time.monotonic() >= end:
            return
