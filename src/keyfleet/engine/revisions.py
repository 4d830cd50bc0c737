# SPDX-License-Identifier: Apache-2.0
"""Numbers for what a source said: +1 whenever its fingerprint changes.

The status remembers the last one, and so does every target; after a loss or a crash between the two
the largest found counts, so that a restart numbers nothing anew.
"""

from collections.abc import Callable, Iterable

from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Marker
from keyfleet.model.places import IntentKey


class Revisions:
    """Current revision and source fingerprint of each intent."""

    def __init__(self, markers: Callable[[IntentKey], Iterable[Marker]]) -> None:
        """Start with nothing known.

        Args:
            markers: The markers of an intent's targets that can be seen now.
        """
        self._markers = markers
        self._known: dict[IntentKey, tuple[int, str]] = {}

    def revise(self, intent: Intent, source: str) -> int:
        """Return the revision of a source fingerprint, a new one when it is not the last."""
        revision, last = self._known.get(intent.key) or self._found(intent)
        if last != source:
            revision += 1
        self._known[intent.key] = (revision, source)
        return revision

    def forget(self, key: IntentKey) -> None:
        """Drop an intent that is gone."""
        self._known.pop(key, None)

    def current(self, key: IntentKey) -> tuple[int, str]:
        """Return revision and source fingerprint, (0, "") when not read yet."""
        return self._known.get(key, (0, ""))

    def _found(self, intent: Intent) -> tuple[int, str]:
        candidates = [(intent.revision, intent.source_fingerprint)]
        candidates += [(marker.revision, marker.source) for marker in self._markers(intent.key)]
        return max(candidates)
