# SPDX-License-Identifier: Apache-2.0
"""Open what stands sealed in a manifest, with the keys of the cluster that it names.

All or nothing: one item that does not open keeps the others from being delivered, and every item
that does not open is named. Source: compat/sealed-secrets.md 1.3-1.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

from keyfleet.base.errors import InvariantError, UnsealError
from keyfleet.base.sealing import Keyset, Scope
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Read
from keyfleet.model.places import IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.plugin import References
from keyfleet.sources.sealed.opening import PLACES, open_items
from keyfleet.sources.sealed.turns import Turns
from keyfleet.sources.sealed.whole import secret_of

_WHOLE = "data"
"""The field of a manifest that holds a complete Secret."""
_NAME_SHOWN_MAX = 63
"""Of a name that a manifest gives: it is told, and no place for text."""
UNUSED = "using deprecated 'data' field, use 'encryptedData' or flip the feature flag"
BOTH = "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time"
"""Upstream's texts."""


@dataclass(frozen=True, slots=True)
class SealedSession:
    """Opens in the name of one intent."""

    references: References
    turns: Turns
    takes_whole: bool = True
    """Whether a complete Secret sealed as one text is taken: `accept-deprecated-v1-data`."""
    principal: str = "keyfleet"

    async def read(self, read: Read) -> SecretData:
        """Return the values of the sealed items that `read.ref` holds.

        Raises:
            UnsealError: `source.unsealing`: some of them do not open; the message names all such.
            NotReadyError: The keys of the cluster are not known yet (engine: asks again).
        """
        sealed = read.ref
        if not isinstance(sealed, SealedRead):
            raise InvariantError("source.not_sealed", "nothing is sealed in this", read.path)
        keys = self.references.keys(sealed.cluster)
        if sealed.whole is not None:
            return await self._open_whole(sealed, sealed.whole, keys)
        values = await self._open(sealed, sealed.items, keys)
        return SecretData(values, "", _version(sealed.items))

    async def _open_whole(self, sealed: SealedRead, text: str, keys: Keyset) -> SecretData:
        if not self.takes_whole:
            hint = "seal it again with a present kubeseal or `keyfleet seal`"
            raise UnsealError("source.unsealing", UNUSED, str(sealed), hint)
        if sealed.items:
            hint = "take one of the two fields out of the manifest"
            raise UnsealError("source.unsealing", BOTH, str(sealed), hint)
        values = await self._open(sealed, {_WHOLE: text}, keys)
        return secret_of(values[_WHOLE], _version({_WHOLE: text}), str(sealed))

    async def _open(
        self, sealed: SealedRead, items: Mapping[str, str], keys: Keyset
    ) -> dict[str, SecretValue]:
        turn = partial(self.turns.turn, sealed.cluster)
        found = await open_items(items, sealed.label, keys, turn)
        if found.failures:
            # A text that is the whole has no name.
            is_whole = sealed.whole is not None
            message = found.failures[_WHOLE] if is_whole else found.upstreams_text()
            raise UnsealError("source.unsealing", message, str(sealed), _hint(sealed, keys))
        return found.values


def _hint(sealed: SealedRead, keys: Keyset) -> str:
    cluster = sealed.cluster or "hub"
    count = len(keys.fingerprints)
    if not count:
        return f"{cluster} has no sealing key in use: restore its key Secrets, or wait for one"
    tried = "the only key" if count == 1 else f"{count} keys"
    bound = {
        Scope.STRICT: f"under the name {sealed.name} in namespace {sealed.namespace}",
        Scope.NAMESPACE_WIDE: f"in namespace {sealed.namespace}",
        Scope.CLUSTER_WIDE: "under any name",
    }[sealed.scope]
    return (
        f"{_meant(sealed)}tried {tried} of {cluster}, {bound} ({sealed.scope}): seal it again for"
        " that, or restore the key that it was sealed with"
    )


def _meant(sealed: SealedRead) -> str:
    # The hub goes by a name that is not known here: whatever is said of it may be right.
    if sealed.meant_for in ("", sealed.cluster):
        return ""
    return f"the manifest says that it is sealed for {sealed.meant_for[:_NAME_SHOWN_MAX]}; "


def _version(items: Mapping[str, str]) -> str:
    """Return what tells these sealed texts from others; they are no secret."""
    digest = sha256()
    for name in sorted(items):
        for part in (name, items[name]):
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SealedSource:
    """Values that stand sealed in manifests."""

    takes_whole: bool = True
    name: str = "sealed"
    turns: Turns = field(default_factory=lambda: Turns(PLACES), repr=False, compare=False)

    async def open(self, references: References, intent: IntentKey) -> SealedSession:
        """Log in: nothing to do, since the keys are there or are not."""
        del intent
        return SealedSession(references, self.turns, self.takes_whole)
