# SPDX-License-Identifier: Apache-2.0
"""The sealing keys of one cluster: watched, held in memory, made and renewed.

A watch of metadata says that something changed; then all key Secrets are listed, and those that are
new are read. Only such a complete list decides whether a key is missing: an error is no absence.
"""

import asyncio
from collections.abc import Callable

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import DeniedError, KeyfleetError, NotReadyError
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.base.sealing import Keyset, SealingCertificate
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.sealing.keyevents import BrokenKeys, KeyEvents
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.engine.sealing.keymaker import LONGEST_S, RECHECK_S, KeyMaker
from keyfleet.engine.sealing.keysecrets import KEY_LABEL, KeySecrets, by_age
from keyfleet.engine.sealing.keythread import Aside, in_thread
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import Selection, one_object
from keyfleet.kube.resources import SECRETS
from keyfleet.model.places import ClusterName

log = get_logger("sealing")

PATIENCE_S = 5.0
"""How long who opens waits for the first list, which at a start is on its way: thousands of
manifests would say that they wait, only to say a moment later that they do not."""
SETTLE_S = 0.1
"""A change is mostly followed by another: a restore brings many keys."""
BACKOFF = Backoff(base_s=0.5, cap_s=30.0)


class ClusterKeys:
    """Watches the key Secrets of one cluster."""

    def __init__(
        self,
        cluster: ClusterName,
        client: Client,
        settings: SealingSettings,
        *,
        events: KeyEvents,
        may_make: Callable[[], bool],
        means: Means,
        aside: Aside = in_thread,
    ) -> None:
        """Prepare.

        Args:
            cluster: Its name; empty is the hub.
            client: The way to it.
            settings: Of all clusters.
            events: Told about keys.
            may_make: Whether this replica may write there now.
            means: Of the watches.
            aside: What reads and makes keys beside the event loop.
        """
        self.cluster = cluster
        self.client = client
        self.known: KeySecrets | None = None
        """All key Secrets, once they were listed."""
        self.makes = False
        """Whether keys are made and renewed here; `make` sets it."""
        self._settings = settings
        self._events = events
        self._means = means
        self._clock = means["clock"]
        self._aside = aside
        self._keyset = Keyset()
        self._certificate: SealingCertificate | None = None
        self._error: KeyfleetError | None = None
        self._broken = BrokenKeys(self._clock)
        self._maker = KeyMaker(
            cluster,
            client,
            settings,
            events=events,
            may_make=may_make,
            clock=self._clock,
            aside=aside,
        )
        self._failures = 0
        self._is_due = asyncio.Event()
        self._was_heard = asyncio.Event()
        labelled = Selection(settings.namespace, labels=KEY_LABEL)
        legacy = one_object(settings.namespace, settings.prefix)
        self._watches = [self._watch(chosen) for chosen in (labelled, legacy)]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start to watch."""
        self._is_due.set()
        for watch in self._watches:
            self._tasks.append(spawn(watch.run(), name=f"watch keys {self.cluster}"))
        self._tasks.append(spawn(self._run(), name=f"keys {self.cluster}"))

    async def stop(self) -> None:
        """Stop; the keys are held no longer."""
        await stop(*self._tasks)
        self._tasks.clear()
        self.known, self._keyset, self._certificate = None, Keyset(), None
        self._maker.forget()

    def make(self, *, is_wanted: bool) -> None:
        """Make and renew keys here from now on, or no more."""
        if is_wanted != self.makes:
            self.makes = is_wanted
            self._is_due.set()

    @property
    def keyset(self) -> Keyset:
        """The keys that open.

        Raises:
            NotReadyError: They were not listed yet.
        """
        self._require_known()
        return self._keyset

    @property
    def certificate(self) -> SealingCertificate | None:
        """What to seal with; None: the cluster has no key.

        Raises:
            NotReadyError: The keys were not listed yet.
        """
        self._require_known()
        return self._certificate

    async def heard(self) -> None:
        """Wait until the cluster answered at all, but not for long."""
        if not self._was_heard.is_set():
            await self._wait(self._was_heard, PATIENCE_S)

    # Listing.

    def _require_known(self) -> None:
        if self.known is None:
            raise not_known(self.cluster, self._error, self._settings.namespace)

    def _watch(self, selection: Selection) -> Informer[Metadata]:
        return Informer(
            self.client,
            Collection(SECRETS, METADATA, selection, keep=lambda _: False, purpose="sealing keys"),
            lambda *_: self._is_due.set(),
            **self._means,
        )

    async def _run(self) -> None:
        while True:
            self._is_due.clear()
            try:
                rest_s = await self._round()
                self._failures, self._error = 0, None
            except KeyfleetError as error:
                rest_s = self._failed(error)
            except Exception as error:  # noqa: BLE001 - a bug must not end this without a word
                # Only the type: the text of an unknown error may quote a key.
                log.error("sealing.crashed", cluster=self.cluster, error=type(error).__name__)  # noqa: TRY400
                rest_s = RECHECK_S
            await self._rest(rest_s)

    def _failed(self, error: KeyfleetError) -> float:
        self._failures += 1
        self._was_heard.set()
        if self._error is None or self._error.code != error.code:
            log.warning("sealing.keys_unread", cluster=self.cluster, code=error.code)
        self._error = error
        return BACKOFF.delay_s(self._failures, self._means["random"])

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        waits = [
            spawn(self._clock.sleep(seconds), name="keys rest"),
            spawn(event.wait(), name="keys change"),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await stop(*waits)

    async def _rest(self, seconds: float) -> None:
        await self._wait(self._is_due, seconds)
        if self._is_due.is_set():
            await self._clock.sleep(SETTLE_S)

    async def _round(self) -> float:
        """List the keys, make one if that is due, and return how long nothing need be done."""
        rest_s = self._rest_s(await self._list())
        if rest_s <= 0:
            pair = await self._maker.pair()
            # Making it took a while, and another may have done so meanwhile.
            found = await self._list()
            rest_s = self._rest_s(found)
            if rest_s <= 0:
                await self._maker.create(pair, found)
                return SETTLE_S
        self._maker.forget()
        return rest_s

    def _rest_s(self, found: KeySecrets) -> float:
        return self._maker.rest_s(found) if self.makes else LONGEST_S

    async def _list(self) -> KeySecrets:
        settings = self._settings
        found = await list_key_secrets(
            self.client, settings.namespace, settings.prefix, known=self.known, aside=self._aside
        )
        self._take(found)
        return found

    def _take(self, found: KeySecrets) -> None:
        before, self.known = self.known, found
        self._was_heard.set()
        active = by_age(found.found, self._settings.priority)
        self._keyset = self._keyset.with_keys(one.key for one in active)
        self._certificate = active[0].certificate if active else None
        for name, error in self._broken.to_tell(found.broken):
            log.warning("sealing.key_broken", cluster=self.cluster, name=name, code=error.code)
            self._events.key_broken(self.cluster, self._seen(name), error)
        if before is None or _shown(before) != _shown(found):
            self._events.keys_changed(self.cluster, before)

    def _seen(self, name: str) -> Metadata:
        at = (self._settings.namespace, name)
        found = (watch.items.get(at) for watch in self._watches)
        return next(filter(None, found), Metadata(name, self._settings.namespace))


KEYS_UNKNOWN = "sealing.keys_unknown"
"""Code of `not_known`."""


def not_known(cluster: ClusterName, error: KeyfleetError | None, namespace: str) -> NotReadyError:
    """Return that the keys of a cluster are not known, and why."""
    name = cluster or "hub"
    if isinstance(error, DeniedError):
        hint = f"let Keyfleet get, list and watch Secrets in namespace {namespace} of {name}"
    else:
        hint = "they are asked for again and again; `keyfleet doctor` says what is wrong"
    return NotReadyError("sealing.keys_unknown", "the sealing keys are not known", name, hint)


def _shown(keys: KeySecrets) -> list[tuple[str, str, str]]:
    return [(key.name, key.fingerprint, key.state) for key in keys.found]
