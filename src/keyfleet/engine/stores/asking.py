# SPDX-License-Identifier: Apache-2.0
"""One reading of one intent, as far as it concerns stores."""

from collections.abc import Callable

from keyfleet.base.errors import KeyfleetError
from keyfleet.engine.stores.findings import unreadable
from keyfleet.engine.stores.reading import Stores, Unread
from keyfleet.model.assembly import Piece
from keyfleet.model.intent import Intent, Read
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.plugin.stores import Answer


class StoreReading:
    """Reads for an intent, and remembers what it used until the reading is over."""

    def __init__(
        self,
        intent: Intent,
        stores: Stores | None,
        namespace_of: Callable[[IntentKey], NamespaceFacts],
    ) -> None:
        self.intent = intent
        self._stores = stores
        self._namespace_of = namespace_of
        self._reading = stores.begin(intent.key) if stores is not None else None
        assembly = intent.shape.assembly
        self._pieces = dict(
            zip(map(id, intent.reads), assembly.pieces if assembly else (), strict=False)
        )

    def piece(self, read: Read) -> Piece | None:
        """Return what becomes of a read's answer; None where it is a map of its own."""
        return self._pieces.get(id(read))

    async def read(self, read: Read) -> Answer | Unread:
        """Return what a store gives; raises as `Stores.read`."""
        if self._stores is None or self._reading is None:
            return Unread(unreadable(read))
        namespace = self._namespace_of(self.intent.key)
        return await self._stores.read(self._reading, read, namespace)

    def succeeded(self) -> None:
        """All of it was read and could be put together."""
        if self._stores is not None and self._reading is not None:
            self._stores.succeeded(self._reading)

    def failed(self, error: KeyfleetError) -> float | None:
        """It was read, and nothing can be made of it; return when to read again.

        Nobody tells when something changes in a store.
        """
        if self._stores is None or self._reading is None or not self._reading.is_of_stores:
            return None
        return self._stores.failed(self._reading, error)
