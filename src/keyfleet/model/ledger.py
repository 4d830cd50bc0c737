# SPDX-License-Identifier: Apache-2.0
"""What was let go lately: deletions are entered before they are made, and stay for the window.

The ledger lies beside the held plans, so that neither a crash loop nor a standby that takes over
starts counting at zero. An entry names its target by a digest: who was entered before may go again
without being counted twice.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from keyfleet.base.codec import decode_json_as, encode_canonical, encode_json
from keyfleet.base.errors import InvalidInputError
from keyfleet.model.held import HELD_CONFIGMAP, HeldTarget

LEDGER_KEY = "ledger"
"""Data key of ConfigMap `keyfleet-held`; no plan's id, which is ten hex digits."""
WINDOW = timedelta(minutes=10)
PERMIT = timedelta(minutes=1)
"""How long after its entry a target may go; so long an entry counts beyond the window."""


@lru_cache(maxsize=16_384)
def _digest(target: HeldTarget) -> str:
    # A judgement asks for it some eight times per target.
    return hashlib.sha256(encode_canonical(target.identity)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Loss:
    """One target that is about to go, and what it counts as."""

    target: HeldTarget
    decision: str = ""
    """The one explicit decision it belongs to, such as an intent that was deleted; else empty."""
    orphan: str = ""
    """Which orphans it belongs to, when its intent cannot be looked up any more; else empty."""

    @property
    def digest(self) -> str:
        """Names the target in the ledger: 16 hex digits."""
        return _digest(self.target)


@dataclass(frozen=True, slots=True)
class Gone:
    """One entry: a target that went, or was let go and may go any moment."""

    at: datetime
    intent: str
    cluster: str
    """UID of its cluster."""
    decision: str = ""
    empties: bool = False


class _Batch(msgspec.Struct, frozen=True, omit_defaults=True):
    at: int
    intent: str
    cluster: str
    digests: tuple[str, ...]
    decision: str = ""
    empties: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """The entries by digest of their target."""

    entries: Mapping[str, Gone] = field(default_factory=dict)

    def since(self, now: datetime) -> "Ledger":
        """Return what still counts; an entry from the future counts as made now."""
        kept = {
            digest: gone for digest, gone in self.entries.items() if now - gone.at < WINDOW + PERMIT
        }
        late = {
            digest: Gone(now, gone.intent, gone.cluster, gone.decision, gone.empties)
            for digest, gone in kept.items()
            if gone.at > now
        }
        return Ledger({**kept, **late})

    def covers(self, loss: Loss) -> bool:
        """Tell whether the target was entered, and not as part of a decision that is undone."""
        gone = self.entries.get(loss.digest)
        return gone is not None and gone.decision in {"", loss.decision}

    def is_permit(self, loss: Loss, now: datetime) -> bool:
        """Tell whether the target may go now: it was entered as this, and not too long ago."""
        return self.covers(loss) and now - self.entries[loss.digest].at < PERMIT

    def entered(self, losses: Iterable[Loss], now: datetime) -> "Ledger":
        """Return the ledger with these targets let go."""
        new = {
            loss.digest: Gone(
                now,
                loss.target.intent,
                loss.target.cluster_uid,
                loss.decision,
                loss.target.empties,
            )
            for loss in losses
        }
        return Ledger({**self.entries, **new})

    def without(self, digests: Iterable[str]) -> "Ledger":
        """Return the ledger with some entries given back: those targets stay after all."""
        back = set(digests)
        return Ledger({key: gone for key, gone in self.entries.items() if key not in back})

    def to_json(self) -> str:
        """Return the text to store; entries of one kind share a line."""
        groups: dict[tuple[int, str, str, str, bool], list[str]] = {}
        for digest, gone in sorted(self.entries.items()):
            at = int(gone.at.timestamp())
            groups.setdefault(
                (at, gone.intent, gone.cluster, gone.decision, gone.empties), []
            ).append(digest)
        batches = [
            _Batch(at, intent, cluster, tuple(digests), decision, empties)
            for (at, intent, cluster, decision, empties), digests in groups.items()
        ]
        return encode_json(batches).decode()


def ledger_of(text: str) -> Ledger:
    """Return the stored ledger.

    Raises:
        InvalidInputError: It is none; who cannot count what went must let nothing go.
    """
    subject = f"{HELD_CONFIGMAP}/{LEDGER_KEY}"
    batches = decode_json_as(tuple[_Batch, ...], text, subject=subject)
    try:
        return Ledger({digest: _gone(batch) for batch in batches for digest in batch.digests})
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidInputError("ledger.moment", "a time in it is none", subject) from error


def _gone(batch: _Batch) -> Gone:
    at = datetime.fromtimestamp(batch.at, UTC)
    return Gone(at, batch.intent, batch.cluster, batch.decision, batch.empties)
