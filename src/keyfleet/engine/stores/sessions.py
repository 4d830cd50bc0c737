# SPDX-License-Identifier: Apache-2.0
"""Logins of stores: opened once, shared while they last, opened again by themselves when refused.

A session belongs to one declaration of a store (uid and generation) and, where its credentials are
those of who asks, to that namespace. It is opened anew when something changed that its store names.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import DeniedError, KeyfleetError, PermanentError
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.members.memory import is_newer
from keyfleet.engine.stores.bounded import within
from keyfleet.engine.stores.references import REFERENT_UNKNOWN, ClusterReferences
from keyfleet.kube.client import Client
from keyfleet.model.intent import SecretRef
from keyfleet.model.stores import Store, StoreRef
from keyfleet.plugin.stores import Provider, ProviderMeans, StoreSession

log = get_logger("engine")

OPEN_S = 30.0
"""How long a login may take."""
CLOSE_S = 5.0
"""How long logging out may take."""
IDLE_S = 600.0
"""After so long without a reader a session is closed. So is one of who asks after so long in use:
no keeper validates it, and a ServiceAccount that went is not noticed otherwise."""
RENEW_S = 60.0
"""A login that is younger is not tried anew when the provider refuses a read."""
LOGIN_BACKOFF = Backoff(base_s=1.0, cap_s=30.0)


@dataclass(frozen=True, slots=True)
class Login:
    """What a session is opened with."""

    store: Store
    provider: Provider
    client: Callable[[], Client]
    """The client of its cluster; raises TemporaryError while that is away."""

    @property
    def key(self) -> tuple[StoreRef, str, int, str]:
        """Logins with the same key share a session."""
        store = self.store
        return (store.ref, store.uid, store.generation, store.namespace)


@dataclass(eq=False, slots=True)
class Opened:
    """One login: being made, in use, or refused."""

    login: Login
    references: ClusterReferences
    opening: asyncio.Task[None] | None = None
    session: StoreSession | None = None
    error: KeyfleetError | None = None
    users: int = 0
    is_dropped: bool = False
    opened_at: float = 0.0
    asked_at: float = 0.0
    failures: int = 0
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the first attempt ended, or there will be none."""


Told = Callable[[Opened], None]


class Sessions:
    """All logins."""

    def __init__(self, means: ProviderMeans, *, random: Random, told: Told) -> None:
        """Start without any.

        Args:
            means: What providers may use.
            random: For jitter.
            told: Called when a login was made or refused.
        """
        self._means = means
        self._clock: Clock = means.clock
        self._random = random
        self._told = told
        self._opened: dict[tuple[StoreRef, str, int, str], Opened] = {}
        self._referent: set[tuple[StoreRef, str, int, str]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def use(self, login: Login, *, namespace: str = "") -> AsyncIterator[Opened]:
        """Give the session of a store, for as long as it is used.

        Args:
            login: The store, as if nobody asked.
            namespace: Of the manifest that asks, where the store's credentials are those of who
                asks; empty: nobody asks.
        Raises:
            KeyfleetError: As `Provider.open`; `store.referent_unknown` where nobody asks.
        """
        opened = await self._ready(login, namespace)
        opened.users += 1
        try:
            yield opened
        finally:
            opened.users -= 1
            opened.asked_at = self._clock.monotonic()
            self._close_if_unused(opened)

    def renew(self, opened: Opened) -> bool:
        """Log in anew, as the provider refuses what it should not; False: that was just done."""
        if opened.is_dropped:
            return True
        if self._clock.monotonic() - opened.opened_at < RENEW_S:
            return False
        self._drop(opened)
        return True

    def keep_only(self, ref: StoreRef, login: Login | None) -> None:
        """Drop the logins of a store under other declarations than this one; None: under any."""
        for opened in list(self._opened.values()):
            if opened.login.store.ref != ref:
                continue
            is_other = login is None or opened.login.key[:3] != login.key[:3]
            if is_other or opened.error is not None:
                # What was refused is tried anew at once.
                self._drop(opened)
        self._referent = {
            key for key in self._referent if key[0] != ref or (login and key[:3] == login.key[:3])
        }

    def changed(self, ref: SecretRef, version: str | None) -> list[Opened]:
        """Return what was opened with an object that is another by now, and drop it.

        Args:
            ref: The object.
            version: What it is now; empty: absent; None: not known.
        """
        found = [
            opened
            for opened in self._opened.values()
            if ref in opened.references.looked and _is_other(version, opened.references.looked[ref])
        ]
        for opened in found:
            self._drop(opened)
        return found

    def looked_at(self) -> set[SecretRef]:
        """Return the objects that logins were made with."""
        return {ref for opened in self._opened.values() for ref in opened.references.looked}

    def sweep(self) -> None:
        """Close what nobody used for a while, and what is too old to be believed."""
        oldest = self._clock.monotonic() - IDLE_S
        for opened in list(self._opened.values()):
            is_at_work = opened.users or (opened.opening and not opened.opening.done())
            is_idle = not is_at_work and opened.asked_at < oldest
            if is_idle or (opened.session and _is_of_asker(opened) and opened.opened_at < oldest):
                self._drop(opened)

    async def close(self) -> None:
        """Log out everywhere, for a bounded time."""
        for opened in list(self._opened.values()):
            opened.users = 0
            self._drop(opened)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_S + 1)
        await stop(*self._closing)

    async def revalidate(self, login: Login) -> None:
        """Log in anew beside the login in use, and put what comes of it in its place."""
        fresh = self._new(login)
        await self._try(fresh)
        if (known := self._opened.get(login.key)) is not None:
            fresh.asked_at = known.asked_at
            self._drop(known)
        self._opened[login.key] = fresh
        self._told(fresh)
        if fresh.error is not None:
            self._begin(fresh)

    async def _ready(self, login: Login, namespace: str) -> Opened:
        if namespace and login.key in self._referent:
            login = replace(login, store=replace(login.store, namespace=namespace))
        try:
            return await self._open(login)
        except KeyfleetError as error:
            if error.code != REFERENT_UNKNOWN or not namespace or login.store.namespace:
                raise
        self._referent.add(login.key)
        return await self._open(replace(login, store=replace(login.store, namespace=namespace)))

    async def _open(self, login: Login) -> Opened:
        while True:
            opened = self._opened.get(login.key)
            if opened is None:
                opened = self._opened[login.key] = self._new(login)
                self._begin(opened)
            opened.asked_at = self._clock.monotonic()
            await opened.tried.wait()
            if opened.is_dropped:
                # Something that it names changed meanwhile.
                continue
            if opened.error is None:
                return opened
            # Every asker raises the same error: its traceback would grow with each.
            raise opened.error.with_traceback(None) from None

    def _new(self, login: Login) -> Opened:
        return Opened(login, ClusterReferences(login.store, login.client))

    def _begin(self, opened: Opened) -> None:
        name = f"log in {opened.login.store.ref}"
        opened.opening = spawn(self._insist(opened), name=name)

    async def _insist(self, opened: Opened) -> None:
        """Log in; where that is refused, again and again for as long as the login is wanted."""
        if not opened.tried.is_set():
            await self._try(opened)
            self._told(opened)
        while opened.error is not None and _may_heal(opened.error):
            opened.failures += 1
            await self._clock.sleep(LOGIN_BACKOFF.delay_s(opened.failures, self._random))
            await self._try(opened)
            self._told(opened)

    async def _try(self, opened: Opened) -> None:
        login, references = opened.login, opened.references
        references.looked.clear()
        try:
            opened.session = await within(
                OPEN_S,
                lambda: login.provider.open(login.store, references, self._means),
                subject=f"{login.store.ref.kind} {login.store.ref}",
            )
            opened.error, opened.opened_at = None, self._clock.monotonic()
        except KeyfleetError as error:
            opened.error = error
        opened.tried.set()

    def _drop(self, opened: Opened) -> None:
        if self._opened.get(opened.login.key) is opened:
            del self._opened[opened.login.key]
        opened.is_dropped = True
        self._close_if_unused(opened)

    def _close_if_unused(self, opened: Opened) -> None:
        if opened.is_dropped and not opened.users:
            task = spawn(self._close(opened), name=f"log out {opened.login.store.ref}")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close(self, opened: Opened) -> None:
        await stop(opened.opening)
        opened.tried.set()
        session, opened.session = opened.session, None
        if session is None:
            return
        try:
            await within(CLOSE_S, session.close, subject=str(opened.login.store.ref))
        except KeyfleetError as error:
            log.debug("engine.logout_failed", store=str(opened.login.store.ref), code=error.code)


def _is_of_asker(opened: Opened) -> bool:
    store = opened.login.store
    return store.namespace != store.ref.namespace or store.ref.is_generator


def _is_other(version: str | None, looked: str) -> bool:
    if version is None:
        return False
    if not version or not looked:
        return version != looked
    # A watch may show an older state than was read.
    return is_newer(version, looked)


def _may_heal(error: KeyfleetError) -> bool:
    # What the declaration itself does wrong ends with another declaration.
    if error.code == REFERENT_UNKNOWN:
        return False
    return isinstance(error, DeniedError) or not isinstance(error, PermanentError)
