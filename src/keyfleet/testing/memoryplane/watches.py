# SPDX-License-Identifier: Apache-2.0
"""Open watches: what a client hears of one kind, from a revision on."""

from collections import deque
from collections.abc import Callable

import msgspec

from keyfleet.testing.memoryplane.refusals import RefusalError, expired
from keyfleet.testing.memoryplane.selecting import Choice
from keyfleet.testing.memoryplane.store import Change, Document, Store, Stored

INITIAL_END = "k8s.io/initial-events-end"


class Watch:
    """One watch; its lines wait to be taken."""

    def __init__(
        self,
        store: Store,
        label: str,
        choice: Choice,
        *,
        kind: tuple[str, str],
        is_partial: bool,
        timeout_s: float = 0.0,
    ) -> None:
        """Prepare; `start` lets it hear.

        Args:
            store: The objects.
            label: Of the kind.
            choice: Which of them.
            kind: apiVersion and kind, for bookmarks.
            is_partial: Metadata only.
            timeout_s: After which its end is due; 0 means never.
        """
        self.lines: deque[bytes] = deque()
        self.is_ended = False
        self.timeout_s = timeout_s
        self.on_news: Callable[[], None] = lambda: None
        """Called when there are new lines, or the end has come."""
        self._store = store
        self.label = label
        self._choice = choice
        self._kind = ("meta.k8s.io/v1", "PartialObjectMetadata") if is_partial else kind
        self._is_partial = is_partial

    def start(self, version: str, *, initial: bool) -> None:
        """Begin with everything there is, or with what came after a version."""
        if initial or version in ("", "0"):
            for stored in self._store.all(self.label).values():
                if self._choice.takes(stored):
                    self._say("ADDED", stored)
            if initial:
                self.bookmark(**{INITIAL_END: "true"})
        elif int(version) < self._store.compacted or int(version) < 2:
            self._error(expired())
            return
        else:
            for change in self._store.since(int(version), self.label):
                self._hear(change)
        self._store.listeners.append(self._hear)

    def bookmark(self, **annotations: str) -> None:
        """Say how far the watch has come."""
        metadata: Document = {
            "resourceVersion": str(self._store.revision),
            "creationTimestamp": None,
        }
        if annotations:
            metadata["annotations"] = annotations
        if not self.is_ended:
            version, kind = self._kind
            event = {"kind": kind, "apiVersion": version, "metadata": metadata}
            self._put(b'{"type":"BOOKMARK","object":' + msgspec.json.encode(event) + b"}\n")

    def end(self) -> None:
        """Say nothing more."""
        if not self.is_ended:
            self.is_ended = True
            if self._hear in self._store.listeners:
                self._store.listeners.remove(self._hear)
            self.on_news()

    def _hear(self, change: Change) -> None:
        if change.label != self.label or self.is_ended:
            return
        was = change.before is not None and self._choice.takes(change.before)
        now = change.after is not None and self._choice.takes(change.after)
        if now and change.after is not None:
            self._say("MODIFIED" if was else "ADDED", change.after)
        elif was and change.before is not None:
            self._say("DELETED", _last_seen(change))

    def _say(self, type_: str, stored: Stored) -> None:
        body = stored.partial if self._is_partial else stored.full
        self._put(b'{"type":"%s","object":%s}\n' % (type_.encode(), body))

    def _error(self, refusal: RefusalError) -> None:
        self._put(b'{"type":"ERROR","object":' + refusal.body + b"}\n")
        self.end()

    def _put(self, line: bytes) -> None:
        self.lines.append(line)
        self.on_news()


def _last_seen(change: Change) -> Stored:
    # An object that leaves the selection is shown as it was, under the version of what moved it.
    assert change.before is not None  # noqa: S101 - who calls has looked
    metadata = {**change.before.metadata, "resourceVersion": str(change.revision)}
    return Stored({**change.before.document, "metadata": metadata})
