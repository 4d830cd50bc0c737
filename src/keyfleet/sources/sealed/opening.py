# SPDX-License-Identifier: Apache-2.0
"""Many sealed items opened beside the event loop, and what upstream says of those that do not open.

Source: compat/sealed-secrets.md 1.4.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import Keyset
from keyfleet.base.secret import SecretValue

OPENERS = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="unseal")
"""The work releases the interpreter lock: as many as there are cores."""
BATCH = 8
"""Items per turn of a thread, 13 ms of work: so that no long manifest holds up the others."""

NO_KEY = "no key could decrypt secret"
"""Upstream's text, also of what is too short or too large: which step failed is nobody's business.
"""


@dataclass(slots=True)
class Found:
    """What became of each item."""

    values: dict[str, SecretValue] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Name of an item -> why it does not open."""

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


async def open_items(items: Mapping[str, str], label: bytes, keys: Keyset) -> Found:
    """Return the values of sealed items under a label, and the reasons of those that fail."""
    loop, found = asyncio.get_running_loop(), Found()
    rest = iter(sorted(items.items()))
    while batch := tuple(islice(rest, BATCH)):
        await loop.run_in_executor(OPENERS, _open, batch, label, keys, found)
    return found


def _open(batch: Iterable[tuple[str, str]], label: bytes, keys: Keyset, found: Found) -> None:
    for name, text in batch:
        try:
            found.values[name] = keys.open(text, label).value
        except DeniedError:
            found.failures[name] = NO_KEY
        except InvalidInputError as error:
            found.failures[name] = error.message if error.code == "sealing.base64" else NO_KEY
