# SPDX-License-Identifier: Apache-2.0
"""Keeps every declared store validated, and says how each stands.

To open a store is to validate it: at its declaration, at each change, and every now and then.
Source: compat/external-secrets.md 1.6, 3.2.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from random import Random

from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    DeniedError,
    InvalidIntentError,
    KeyfleetError,
    NotReadyError,
    PermanentError,
)
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.stores.declared import Declarations
from keyfleet.engine.stores.objects import Document
from keyfleet.engine.stores.references import REFERENT_UNKNOWN
from keyfleet.engine.stores.sessions import Login, Opened, Sessions
from keyfleet.kube.objects import metadata_of
from keyfleet.model.eso.stores import REVALIDATED_EVERY, validated_every
from keyfleet.model.outcome import Readiness, StoreOutcome
from keyfleet.model.stores import CLUSTER_SECRET_STORE, StoreRef
from keyfleet.plugin.stores import Doubted

AT_ONCE = {"cluster": 32, "namespace": 8}
"""Stores of one cluster, and of one namespace, that are tried at the same time: each takes a
connection, and its author may declare thousands that hang."""
SWEEP_S = 60.0
"""How often sessions that nobody uses are looked for."""

Tell = Callable[[StoreOutcome], None]
Looked = Callable[[StoreRef, float, bool], None]
"""Told how long a look at a store took, in seconds, and whether it is ready."""


class Keeper:
    """Validates stores."""

    def __init__(
        self,
        declarations: Declarations,
        sessions: Sessions,
        *,
        clock: Clock,
        random: Random,
        tell: Tell,
        looked: Looked = lambda *_: None,
    ) -> None:
        """Prepare.

        Args:
            declarations: The stores.
            sessions: Their logins.
            clock: For intervals.
            random: For jitter, so that a thousand stores are not validated together.
            tell: Learns how each stands.
            looked: Told of every look.
        """
        self._declarations = declarations
        self._sessions = sessions
        self._clock = clock
        self._random = random
        self._tell = tell
        self._looked = looked
        self._turns: defaultdict[tuple[str, ...], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE["cluster"])
        )
        self._keeping: dict[StoreRef, asyncio.Task[None]] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self.outcomes: dict[StoreRef, StoreOutcome] = {}
        """How each store stands, as far as that was found out."""

    def changed(self, ref: StoreRef) -> None:
        """Look at a store anew: it came, changed or went, or what it names did."""
        if self._sweeping is None:
            self._sweeping = spawn(self._sweep(), name="sweep stores")
        if task := self._keeping.pop(ref, None):
            task.cancel()
        manifest = self._declarations.find(ref)
        if manifest is None or self._declarations.is_foreign(ref):
            self._sessions.keep_only(ref, None)
            self.outcomes.pop(ref, None)
            return
        if ref.is_generator:
            self._sessions.keep_only(ref, self._login(ref, manifest))
            return
        self._keeping[ref] = spawn(self._keep(ref, manifest), name=f"keep {ref}")

    def opened(self, opened: Opened) -> None:
        """Learn that a login was made or refused."""
        store = opened.login.store
        is_of_asker = store.ref.kind == CLUSTER_SECRET_STORE and bool(store.namespace)
        if is_of_asker or store.ref.is_generator or opened.is_dropped:
            # It says nothing about the store as such.
            return
        self._found(store.ref, opened.error, opened)

    def kept(self) -> set[StoreRef]:
        """Return the stores that are kept validated."""
        return set(self._keeping)

    async def close(self) -> None:
        """Stop."""
        await stop(self._sweeping, *self._keeping.values())

    async def _keep(self, ref: StoreRef, manifest: Document) -> None:
        try:
            login = self._declarations.login(ref, manifest)
        except KeyfleetError as error:
            self._sessions.keep_only(ref, None)
            self._found(ref, error)
            return
        self._sessions.keep_only(ref, login)
        async with self._turn(ref):
            await self._open(login)
        interval_s = _interval_s(manifest)
        while True:
            await self._clock.sleep(interval_s * (0.9 + 0.1 * self._random.random()))
            async with self._turn(ref):
                await self._sessions.revalidate(login)

    @asynccontextmanager
    async def _turn(self, ref: StoreRef) -> AsyncIterator[None]:
        namespace = (ref.cluster, ref.namespace)
        if namespace not in self._turns:
            self._turns[namespace] = asyncio.Semaphore(AT_ONCE["namespace"])
        async with self._turns[namespace], self._turns[(ref.cluster,)]:
            began = self._clock.monotonic()
            yield
            outcome = self.outcomes.get(ref)
            is_ready = outcome is not None and outcome.readiness is not Readiness.ERROR
            self._looked(ref, self._clock.monotonic() - began, is_ready)

    async def _open(self, login: Login) -> None:
        # Whatever comes of it, `opened` was told.
        with suppress(KeyfleetError):
            async with self._sessions.use(login):
                pass

    def _login(self, ref: StoreRef, manifest: Document) -> Login | None:
        try:
            return self._declarations.login(ref, manifest)
        except KeyfleetError:
            return None

    def _found(
        self, ref: StoreRef, error: KeyfleetError | None, opened: Opened | None = None
    ) -> None:
        manifest = self._declarations.find(ref)
        if manifest is None:
            return
        outcome = StoreOutcome(
            ref,
            generation=metadata_of(manifest).generation,
            capabilities=opened.login.provider.capabilities if opened else "",
        )
        outcome = _judged(outcome, error, opened)
        self.outcomes[ref] = outcome
        self._tell(outcome)

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_S)
            self._sessions.sweep()


def _judged(
    outcome: StoreOutcome, error: KeyfleetError | None, opened: Opened | None
) -> StoreOutcome:
    if error is None:
        session: object = opened.session if opened else None
        doubt = session.doubt if isinstance(session, Doubted) else ""
        readiness = Readiness.UNKNOWN if doubt else Readiness.READY
        return replace(outcome, readiness=readiness, message=doubt)
    if error.code == REFERENT_UNKNOWN:
        # Upstream says of such a store that it is ready, too.
        return outcome
    advice = f"{error}; {error.hint}" if error.hint else str(error)
    is_unopened = isinstance(error, NotReadyError | PermanentError) and not isinstance(
        error, DeniedError
    )
    return replace(outcome, readiness=Readiness.ERROR, message=advice, is_unopened=is_unopened)


def _interval_s(manifest: Document) -> float:
    try:
        return validated_every(manifest).total_seconds()
    except InvalidIntentError:
        return REVALIDATED_EVERY.total_seconds()
