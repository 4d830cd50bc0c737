# SPDX-License-Identifier: Apache-2.0
"""Numbers for what a source said: +1 whenever its fingerprint changes.

The status remembers the last one, and so does every target; after a loss or a crash between the two
the largest found counts, so that a restart numbers nothing anew.
"""

from collections.abc import Callable, Iterable

from keyfleet.base.keyring import split_digest
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Marker
from keyfleet.model.places import IntentKey

Prints = tuple[str, ...]
"""Fingerprints of one source, under each key of the installation; the signing key's comes first."""


def is_other_source(stored: str, prints: Prints) -> bool:
    """Tell whether a stored fingerprint is of another source than the one with these.

    One that was made under a key that is lost says nothing, and least of all that something
    changed.

    >>> is_other_source("v1:old:aa", ("v1:new:cc", "v1:old:aa"))
    False
    >>> is_other_source("v1:old:bb", ("v1:new:cc", "v1:old:aa"))
    True
    >>> is_other_source("v1:lost:bb", ("v1:new:cc", "v1:old:aa"))
    False
    >>> is_other_source("", ("v1:new:cc",))
    True
    """
    if not stored:
        return True
    keys = {split_digest(known)[0] for known in prints}
    return split_digest(stored)[0] in keys and stored not in prints


class Revisions:
    """Current revision and source fingerprint of each intent."""

    def __init__(self, markers: Callable[[IntentKey], Iterable[Marker]]) -> None:
        """Start with nothing known.

        Args:
            markers: The markers of an intent's targets that can be seen now.
        """
        self._markers = markers
        self._known: dict[IntentKey, tuple[int, str]] = {}
        self._began: dict[IntentKey, float] = {}

    def revise(self, intent: Intent, prints: Prints, *, began: float = 0.0) -> int:
        """Return the revision of a source, a new one when it is not the last.

        Args:
            intent: Whose source.
            prints: What was read.
            began: When the reading began: one that was overtaken by a later one numbers nothing.
        """
        revision, last = self._known.get(intent.key) or self._found(intent)
        if began < self._began.get(intent.key, began):
            return revision
        if is_other_source(last, prints):
            revision += 1
        self._known[intent.key] = (revision, prints[0])
        self._began[intent.key] = began
        return revision

    def forget(self, key: IntentKey) -> None:
        """Drop an intent that is gone."""
        self._known.pop(key, None)
        self._began.pop(key, None)

    def current(self, key: IntentKey) -> tuple[int, str]:
        """Return revision and source fingerprint, (0, "") when not read yet."""
        return self._known.get(key, (0, ""))

    def _found(self, intent: Intent) -> tuple[int, str]:
        candidates = [(intent.revision, intent.source_fingerprint)]
        candidates += [(marker.revision, marker.source) for marker in self._markers(intent.key)]
        return max(candidates)
