# SPDX-License-Identifier: Apache-2.0
"""How much of one collection is kept: a hostile member must not fill the memory with its objects.

The weight of an object is what is kept of it in memory, roughly: `Decode.weight`. A collection that
is too heavy is left as it was, and looked at again after minutes (`kube.watching`).
"""

from keyfleet.base.errors import PermanentError
from keyfleet.kube.objects import Metadata

COLLECTION_BYTES = 128 * 1024 * 1024
"""Heaviest collection: 130,000 objects with short metadata, 60,000 marked targets."""
OBJECT_BYTES = 1024
"""What an object takes besides its labels and annotations."""


def weight(metadata: Metadata) -> int:
    """Return about how many bytes an object's metadata takes.

    >>> weight(Metadata(labels={"a": "bc"}))
    1027
    """
    total = OBJECT_BYTES + len(metadata.name) + len(metadata.namespace)
    total += len(metadata.uid) + len(metadata.resource_version)
    for moment in (metadata.creation_timestamp, metadata.deletion_timestamp):
        total += len(moment or "")
    for owner in metadata.owner_references or ():
        total += OBJECT_BYTES + len(owner.name) + len(owner.kind) + len(owner.uid)
        total += len(owner.api_version)
    for finalizer in metadata.finalizers or ():
        total += OBJECT_BYTES + len(finalizer)
    for texts in (metadata.labels, metadata.annotations):
        if texts:
            total += sum(len(name) + len(text) for name, text in texts.items())
    return total


class Budget:
    """A running total."""

    __slots__ = ("_limit", "used")

    def __init__(self, limit: int | None = None) -> None:
        self.used = 0
        self._limit = COLLECTION_BYTES if limit is None else limit

    def take(self, weight: int, *, subject: str, instead_of: int = 0) -> None:
        """Count an object's weight, in the place of another where there was one.

        Raises:
            PermanentError: `watch.overfull`; nothing was counted.
        """
        before = self.used
        self.count(weight, instead_of=instead_of)
        if self.used > self._limit:
            self.used = before
            raise PermanentError(
                "watch.overfull", "there are more objects than Keyfleet keeps", subject
            )

    def count(self, weight: int, *, instead_of: int = 0) -> None:
        """Count an object, whatever the total: it belongs to a list that was found to fit."""
        self.used += weight - instead_of

    def give_back(self, weight: int) -> None:
        """Count an object no longer."""
        self.used -= weight
