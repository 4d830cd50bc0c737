# SPDX-License-Identifier: Apache-2.0
"""Reads of stores, and who has to be told when one that failed may work again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import DeniedError, InvariantError, KeyfleetError, TemporaryError
from keyfleet.engine.beside import ANSWERS, beside
from keyfleet.engine.stores import findings
from keyfleet.engine.stores.bounded import told
from keyfleet.engine.stores.declared import Declarations
from keyfleet.engine.stores.fetches import Fetches, Reading, Source
from keyfleet.engine.stores.keeper import Keeper, Looked, Tell
from keyfleet.engine.stores.limits import PARKED_S
from keyfleet.engine.stores.named import Named, NoWatches, Watches
from keyfleet.engine.stores.room import BUSY, Wake
from keyfleet.engine.stores.sessions import Login, Opened, Sessions
from keyfleet.engine.stores.turns import Turns
from keyfleet.engine.stores.weights import (
    QUICK_BYTES,
    length,
    require_bounded,
    require_pickable,
)
from keyfleet.model.intent import Intent, Read, SecretRef
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding
from keyfleet.model.stores import How, Query, StoreRead, StoreRef
from keyfleet.plugin.stores import Answer, ProviderMeans

READ_BACKOFF = Backoff(base_s=2.0, cap_s=150.0)
"""Between two readings of an intent that fail, where nothing tells when it is worth another."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a store gave nothing."""

    finding: Finding
    error: KeyfleetError | None = None
    """What its provider said; None: it was not asked."""
    again_s: float | None = None
    """When to try again, should nobody say earlier that it is worth it; None: somebody will."""


class Stores:
    """Everything that is read from stores."""

    def __init__(
        self,
        declarations: Declarations,
        means: ProviderMeans,
        *,
        random: Random,
        wake: Wake = lambda _: None,
        tell: Tell = lambda _: None,
        watches: Watches | None = None,
        looked: Looked = lambda *_: None,
    ) -> None:
        """Start without any session.

        Args:
            declarations: The stores that there are.
            means: What providers may use.
            random: For jitter.
            wake: Told which intents should be read again at once.
            tell: Told how each store stands.
            watches: Watch what stores name.
            looked: Told how long each validation of a store took.
        """
        self.declarations = declarations
        self._random = random
        self._wake = wake
        self._named = Named(watches or NoWatches())
        self._turns = Turns(clock=means.clock, random=random, wake=wake)
        self._sessions = Sessions(means, random=random, told=self._opened)
        self.keeper = Keeper(
            declarations,
            self._sessions,
            clock=means.clock,
            random=random,
            tell=tell,
            looked=looked,
        )
        self._fetches = Fetches()
        self._waiting: dict[StoreRef, set[IntentKey]] = {}
        self._failures: dict[IntentKey, int] = {}

    # What happens elsewhere.

    def changed(self, ref: StoreRef) -> None:
        """A store or generator came, changed or went; its readers are due, says `Intents`."""
        self._waiting.pop(ref, None)
        self.keeper.changed(ref)
        self._follow()

    def object_changed(self, ref: SecretRef) -> None:
        """An object may be another by now: what was opened with it is opened anew."""
        if ref in self._named:
            for opened in self._sessions.changed(ref, self._named.version(ref)):
                self.keeper.changed(opened.login.store.ref)
                self._release(opened.login.store.ref)

    def names(self, ref: SecretRef) -> bool:
        """Tell whether a store in use names an object, so that it has to be watched."""
        return ref in self._named

    def watch_again(self) -> None:
        """A cluster is connected anew: watch there what stores name."""
        self._named.again()

    def forget(self, intent: IntentKey) -> None:
        """An intent is gone."""
        self._failures.pop(intent, None)

    @property
    def holds_values(self) -> bool:
        """Tell whether anything that was fetched is held."""
        return len(self._fetches) > 0

    def round_over(self) -> None:
        """Nobody is at work: drop what was fetched."""
        self._fetches.drop_all()
        self._turns.tidy()

    async def close(self) -> None:
        """Log out everywhere; bounded in time."""
        await self.keeper.close()
        await self._fetches.close()
        await self._turns.close()
        await self._sessions.close()

    # Reading.

    def is_foreign(self, intent: Intent) -> bool:
        """Tell whether another controller serves a store that an intent reads."""
        return any(map(self.declarations.is_foreign, refs_of(intent.reads)))

    def begin(self, intent: IntentKey) -> Reading:
        """Begin to read for an intent."""
        return Reading(intent)

    def succeeded(self, reading: Reading) -> None:
        """End a reading that got everything."""
        self._failures.pop(reading.intent, None)
        self._fetches.served(reading)

    def failed(self, reading: Reading, error: KeyfleetError) -> float:
        """End a reading that got everything, of which nothing can be made.

        Returns:
            When to read again.
        """
        self._fetches.served(reading)
        return self._again_s(reading, error)

    async def read(
        self, reading: Reading, read: Read, namespace: NamespaceFacts
    ) -> Answer | Unread:
        """Return what an entry asks of its store, or why there is nothing.

        Args:
            reading: Of which it is a part.
            read: The entry.
            namespace: Of the manifest, in its cluster; the intent may use the store.
        Raises:
            ThrottledError: `store.busy`: it is nobody's fault; the intent is woken.
        """
        if not isinstance(read.ref, StoreRead):
            raise InvariantError("intent.not_in_a_store", "this is an object", read.path)
        ref = read.ref.store
        reading.is_of_stores = True
        manifest = self.declarations.find(ref)
        if manifest is None:
            is_known = self.declarations.objects.is_known(ref.cluster, ref.kind)
            return Unread(findings.absent(read, ref, is_known=is_known))
        try:
            if why := self.declarations.objection(ref, namespace):
                return Unread(findings.not_allowed(read, ref, namespace.name, why))
            login = self.declarations.login(ref, manifest, namespace=_asker(ref, namespace))
        except KeyfleetError as error:
            return Unread(findings.not_ready(read, ref, error), error)
        with self._turns.home(reading.intent).admitted(reading.intent):
            return await self._read(reading, read, login, namespace.name)

    async def _read(
        self, reading: Reading, read: Read, login: Login, namespace: str
    ) -> Answer | Unread:
        ref = login.store.ref
        for is_last in (False, True):
            opened: Opened | None = None
            try:
                async with self._sessions.use(login, namespace=namespace) as opened:
                    return await self._asked(reading, read, opened)
            except KeyfleetError as error:
                if error.code == BUSY:
                    raise
                if opened is None:
                    self._waiting.setdefault(ref, set()).add(reading.intent)
                    return Unread(findings.not_ready(read, ref, error), error, PARKED_S)
                if _is_stale(error) and not is_last and self._sessions.renew(opened):
                    continue
                again_s = self._again_s(reading, error)
                return Unread(findings.unread(read, ref, error), error, again_s)
        raise InvariantError("store.unread", "neither an answer nor an error", str(ref))

    async def _asked(self, reading: Reading, read: Read, opened: Opened) -> Answer:
        session, provider = opened.session, opened.login.provider
        if session is None:
            raise InvariantError("store.closed", "a session in use was closed")
        query, subject = _query(read), f"{opened.login.store.ref}"
        request = told(lambda: session.request(query), subject=subject)
        source = Source(provider.name, session.endpoint, session.principal)
        gate = self._turns.gate(source, opened.login.store.ref)
        asker = reading.intent
        with self._turns.lobby(source).admitted(asker):
            try:
                fetched = await self._fetches.get(
                    reading,
                    source,
                    request,
                    lambda: gate.ask(asker, lambda: session.fetch(request)),
                )
            except TemporaryError:
                reading.is_parked |= gate.park(asker)
                raise
        answer = await _picked(
            reading,
            length(fetched),
            partial(told, lambda: session.answer(query, fetched), subject=subject),
            subject=findings.entry_of(read),
        )
        require_bounded(answer, subject=findings.entry_of(read))
        return answer

    def _again_s(self, reading: Reading, error: KeyfleetError) -> float:
        if reading.is_parked:
            return PARKED_S
        intent = reading.intent
        failures = self._failures[intent] = self._failures.get(intent, 0) + 1
        told = error.retry_after if isinstance(error, TemporaryError) else None
        told_s = told / timedelta(seconds=1) if told is not None else 0.0
        return max(READ_BACKOFF.delay_s(failures, self._random), min(told_s, PARKED_S))

    def _opened(self, opened: Opened) -> None:
        self._follow()
        self.keeper.opened(opened)
        if opened.error is None:
            self._release(opened.login.store.ref)

    def _release(self, ref: StoreRef) -> None:
        if waiting := self._waiting.pop(ref, None):
            self._wake(waiting)

    def _follow(self) -> None:
        self._named.follow(self._sessions.looked_at())


async def _picked(
    reading: Reading, size: int, pick: Callable[[], Answer], *, subject: str
) -> Answer:
    """Return an entry's part of an answer; large ones are looked through beside the loop.

    Raises:
        TransformError: `store.too_large`; as `StoreSession.answer`.
    """
    reading.picked += size
    if reading.picked <= QUICK_BYTES:
        return pick()
    require_pickable(reading.picked, subject=subject)
    async with reading.turn:
        return await beside(ANSWERS, pick)


def refs_of(reads: Iterable[Read]) -> list[StoreRef]:
    """Return the stores among what is read."""
    return [read.ref.store for read in reads if isinstance(read.ref, StoreRead)]


def _query(read: Read) -> Query:
    return read.ref.query if isinstance(read.ref, StoreRead) else Query(How.VALUE)


def _asker(ref: StoreRef, namespace: NamespaceFacts) -> str:
    # A generator works in the namespace of who asks; a store is opened for all who ask, as far as
    # its credentials are its own.
    return namespace.name if ref.is_generator else ""


def _is_stale(error: KeyfleetError) -> bool:
    return isinstance(error, DeniedError) and error.code == "store.denied"
