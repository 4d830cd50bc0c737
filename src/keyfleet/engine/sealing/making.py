# SPDX-License-Identifier: Apache-2.0
"""When a cluster is due a new sealing key, and what that is called.

Two controllers, or one that never heard the answer to its first request, must not make two keys.
The name of a new key Secret therefore follows from those that are there: whoever asks again for the
same successor asks for the same name, and the API server refuses the second.
Source: compat/sealed-secrets.md 3.1, 3.2.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from keyfleet.base.sealing import KeyPair, make_key
from keyfleet.engine.sealing.keysecrets import KeySecret, KeySecrets, by_age, new_key_secret
from keyfleet.engine.sealing.settings import SealingSettings

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Of the characters that an API server adds to a `generateName`."""
_SUFFIX = 5
NAME_PERIOD_S = 600.0
"""How long whoever makes the same key chooses the same name."""

DAY_S = 86_400.0
GAP_S, GAP_FACTOR = 30.0, 4.0


def due_at(keys: Iterable[KeySecret], settings: SealingSettings, now: datetime) -> datetime | None:
    """Return when the next key is due, `now` at the latest where none is in use; None: never.

    Args:
        keys: All that the cluster has.
        settings: Of all clusters.
        now: The wall clock.
    """
    made = [key.order(settings.priority) for key in by_age(keys, settings.priority)]
    if not made:
        return now
    # A clock that ran ahead for a while must not put off every renewal until that time is come.
    last = max((moment for moment in made if moment <= now), default=min(made))
    if settings.cutoff is not None and last < settings.cutoff <= now:
        return now
    return last + settings.renew_period if settings.renew_period else None


def gap_s(made: Iterable[float], now: float) -> float:
    """Return how many seconds no further key may be made, given when those of a day were made.

    What goes wrong after a key was made must not make thousands: a label that a webhook takes away,
    or a clock that jumps to and fro. So each key of a day is followed by a longer pause.

    Args:
        made: On the monotonic clock.
        now: On the same clock.

    >>> gap_s([], 100.0), gap_s([90.0], 100.0), gap_s([0.0, 90.0], 100.0)
    (0.0, 20.0, 110.0)
    """
    recent = [at for at in made if now - at < DAY_S]
    if not recent:
        return 0.0
    pause = min(GAP_S * GAP_FACTOR ** (len(recent) - 1), DAY_S)
    return max(0.0, max(recent) + pause - now)


def name_of_next(
    settings: SealingSettings, known: KeySecrets, salt: int, place: str, now: datetime
) -> str:
    """Return the name of the next key Secret: like one that the API server made up.

    Args:
        settings: Of all clusters.
        known: All key Secrets of the cluster; another one more gives another name.
        salt: How many names were found to be taken by what is no key Secret.
        place: UID of the namespace that they are kept in. Without it the first key of every cluster
            had the same name, and whoever copied it to another cluster would replace the key there.
        now: The wall clock. Without it the key that follows a loss of all keys had the name of the
            first one, and no backup of that could be restored beside it.
    """
    names = sorted([*(key.name for key in known.found), *(name for name, _ in known.broken)])
    uids = sorted(key.metadata.uid for key in known.found)
    period = int(now.timestamp() // NAME_PERIOD_S)
    text = "\n".join([place, *names, *uids, str(salt), str(period)])
    number = int.from_bytes(sha256(text.encode()).digest(), "big")
    letters = []
    for _ in range(_SUFFIX):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return settings.prefix + "".join(letters)


def new_pair(settings: SealingSettings, now: datetime) -> partial[KeyPair]:
    """Return the work of making a key pair; takes a second at 4096 bits."""
    return partial(
        make_key,
        now,
        bits=settings.bits,
        validity=settings.validity,
        common_name=settings.common_name,
    )


def manifest_of(pair: KeyPair, settings: SealingSettings, name: str) -> dict[str, Any]:
    """Return the manifest of a new key Secret with that name."""
    document = new_key_secret(
        pair,
        namespace=settings.namespace,
        prefix=settings.prefix,
        labels=settings.labels,
        annotations=settings.annotations,
    )
    del document["metadata"]["generateName"]
    document["metadata"]["name"] = name
    return document
