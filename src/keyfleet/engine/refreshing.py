# SPDX-License-Identifier: Apache-2.0
"""When which intent's stores are asked again.

Between two refreshes a target rests: it is looked at and, as long as it is as it was delivered, no
store is asked. Refreshes of one remote key come due together in the whole fleet, so that one fetch
serves all of them: the moments lie on a grid of the intent's interval, shifted by what it reads.
"""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from keyfleet.base.clock import Clock, timestamp
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.refresh import Refresh, Standing, is_due, next_due
from keyfleet.model.stores import StoreRead

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Known:
    refreshed_at: datetime
    version: str
    uid: str
    """Of the manifest: another one of the same name was never read."""
    clusters: set[ClusterName] = field(default_factory=set)
    """Where what was read then has been delivered."""
    timer: asyncio.TimerHandle | None = None


class Refreshing:
    """Remembers when what was read, and wakes intents when time makes them due."""

    def __init__(self, clock: Clock, wake: Callable[[IntentKey], None]) -> None:
        """Start with nothing known.

        Args:
            clock: Tells when something is due.
            wake: Called when time makes an intent due.
        """
        self._clock = clock
        self._wake = wake
        self._known: dict[IntentKey, _Known] = {}
        self._stirred: dict[IntentKey, datetime] = {}
        """When what each depends on changed last."""
        self._begun: set[IntentKey] = set()
        """What this process has read or begun to read."""

    def rests(self, intent: Intent, cluster: ClusterName) -> bool:
        """Tell whether an intent's stores need not be asked for a pass in a cluster."""
        if intent.refresh is None or intent.rollout.paused or intent.key in self._stirred:
            return False
        known = self._known_of(intent)
        if known is not None and cluster not in known.clusters:
            return False
        return not is_due(intent.refresh, self._standing(intent), self._clock.now())

    def stir(self, intent: Intent) -> None:
        """Something it depends on changed: ask again, unless the manifest says "once"."""
        if intent.refresh is not None and not intent.refresh.is_once:
            self._stirred[intent.key] = self._clock.now()

    def met(self, intent: Intent) -> None:
        """Something it depends on is seen for the first time; it may not be what was read."""
        if intent.key in self._begun:
            self.stir(intent)

    def insist(self, key: IntentKey) -> None:
        """A person asked for a sync: ask again in any case."""
        self._stirred[key] = self._clock.now()

    def begin(self, intent: Intent) -> None:
        """Its sources are being read."""
        if intent.refresh is not None:
            self._begun.add(intent.key)

    def done(self, intent: Intent, cluster: ClusterName, read_at: datetime) -> bool:
        """What was read at a time is delivered in a cluster; tell whether that is to be said."""
        if intent.refresh is None:
            return False
        known = self._known_of(intent)
        is_new = known is None or (known.refreshed_at, known.version) != (read_at, intent.version)
        if known is None or is_new:
            self._cancel(intent.key)
            known = self._known[intent.key] = _Known(read_at, intent.version, intent.origin.uid)
        known.clusters.add(cluster)
        stirred_at = self._stirred.get(intent.key)
        if stirred_at is not None and stirred_at <= read_at:
            # What changed while it was read may not be in what was read.
            del self._stirred[intent.key]
        self.schedule(intent)
        return is_new

    def schedule(self, intent: Intent) -> None:
        """Wake the intent when time makes it due."""
        known = self._known.get(intent.key)
        if intent.refresh is None or known is None or known.timer is not None:
            return
        now = self._clock.now()
        due = next_due(intent.refresh, self._standing(intent), now)
        if due is not None:
            loop = asyncio.get_running_loop()
            delay_s = max((due - now).total_seconds(), 0.0)
            known.timer = loop.call_later(delay_s, self._due, intent.key)

    def rested(self, intent: Intent, cluster: ClusterName) -> None:
        """A pass found the target as delivered, before this process read anything."""
        if self._known_of(intent) is not None:
            # The wall clock may be behind the timer that woke it.
            self.schedule(intent)
            return
        if intent.standing.refreshed_at is None:
            return
        # A manifest that says "once" rests at the version that was carried out, whatever it is now.
        version = intent.version if intent.standing.is_version_same else ""
        self._known[intent.key] = _Known(
            intent.standing.refreshed_at, version, intent.origin.uid, {cluster}
        )
        self.schedule(intent)

    def said(self, key: IntentKey) -> tuple[str, str]:
        """Return when what was delivered was read (RFC 3339) and of which version; or nothing."""
        known = self._known.get(key)
        return (timestamp(known.refreshed_at), known.version) if known else ("", "")

    def forget(self, key: IntentKey) -> None:
        """Drop what is known of an intent that is gone."""
        self._cancel(key)
        self._known.pop(key, None)
        self._stirred.pop(key, None)
        self._begun.discard(key)

    def clear(self) -> None:
        """Stop waking."""
        for key in list(self._known):
            self.forget(key)

    def _known_of(self, intent: Intent) -> _Known | None:
        known = self._known.get(intent.key)
        if known is not None and known.uid != intent.origin.uid:
            self._cancel(intent.key)
            known = None
            del self._known[intent.key]
        return known

    def _due(self, key: IntentKey) -> None:
        known = self._known.get(key)
        if known is not None:
            known.timer = None
        self._wake(key)

    def _cancel(self, key: IntentKey) -> None:
        known = self._known.get(key)
        if known is not None and known.timer is not None:
            known.timer.cancel()
            known.timer = None

    def _standing(self, intent: Intent) -> Standing:
        known = self._known_of(intent)
        if known is None:
            standing = intent.standing
        else:
            standing = Standing(known.refreshed_at, True, known.version == intent.version)
        if intent.refresh is None or standing.refreshed_at is None:
            return standing
        return replace(
            standing, refreshed_at=aligned(intent, intent.refresh, standing.refreshed_at)
        )


def aligned(intent: Intent, refresh: Refresh, refreshed_at: datetime) -> datetime:
    """Return the moment at which a refresh counts as done, so that those of one key come together.

    All of them end up on one grid, an interval wide: on one of half the width two clusters could
    take turns for ever, and one key would cost two reads in each interval. Who comes to it late in
    an interval makes one stop half-way, so that no refresh follows another at once. It is at most
    three quarters of an interval earlier than it was, never later: a value is never older than its
    manifest allows.
    """
    if refresh.is_once or refresh.interval is None:
        return refreshed_at
    every = refresh.every
    phase = every * (zlib.crc32(_asked(intent).encode()) / 2**32)
    since = (refreshed_at - EPOCH - phase) % every
    return refreshed_at - (since if since < every * 0.75 else since - every / 2)


def _asked(intent: Intent) -> str:
    """Return what the first question is, without who asks it and where."""
    ref = intent.reads[0].ref
    if not isinstance(ref, StoreRead):
        return str(ref)
    query = ref.query
    return f"{query.how} {query.key} {query.version} {query.search}"
