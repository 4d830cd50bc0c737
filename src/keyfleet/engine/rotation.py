# SPDX-License-Identifier: Apache-2.0
"""Notice, while running, that the installation's keys changed.

Whoever changes the key Secret rotates: the greatest id signs from then on, the others verify. A
Secret that went or cannot be used changes nothing, because a controller that made up a new key
would find every target to be foreign.
"""

import asyncio

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError, PermanentError
from keyfleet.base.keyring import Keyring
from keyfleet.base.log import get_logger
from keyfleet.engine.installation import KEY_SECRET, load_keyring
from keyfleet.kube.client import Client
from keyfleet.model.intent import SecretRef
from keyfleet.model.ownership import SYSTEM_NAMESPACE

log = get_logger("engine")

RETRY_S = 5.0


class Rotation:
    """Waits for other keys than those in use."""

    def __init__(self, client: Client, ring: Keyring, clock: Clock) -> None:
        self._client = client
        self._ring = ring
        self._clock = clock
        self._heard = asyncio.Event()
        self._is_over = False

    def source_changed(self, ref: SecretRef) -> None:
        """Learn that a Secret of the hub came, went or changed; cheap."""
        if (ref.namespace, ref.name) == (SYSTEM_NAMESPACE, KEY_SECRET):
            self._heard.set()

    def begin_anew(self) -> None:
        """Take up the keys as they are stored, though they may be the same; cheap."""
        self._is_over = True
        self._heard.set()

    async def changed(self) -> Keyring:
        """Return the keys as soon as they are others than those in use, or all begins anew."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            if self._is_over:
                return await ring_now(self._client, self._ring)
            ring = await self._read()
            if ring is not None and ring.keys != self._ring.keys:
                log.info("engine.keys_rotated", signing=ring.signing_id, keys=len(ring.keys))
                return ring

    async def _read(self) -> Keyring | None:
        try:
            ring = await load_keyring(self._client)
        except PermanentError as error:
            log.error("engine.keys_unusable", code=error.code)  # noqa: TRY400 - the code says it
            return None
        except KeyfleetError as error:
            log.warning("engine.keys_unread", code=error.code)
            await self._clock.sleep(RETRY_S)
            self._heard.set()
            return None
        if ring is None:
            log.error("engine.keys_gone", secret=f"{SYSTEM_NAMESPACE}/{KEY_SECRET}")
        return ring


async def ring_now(client: Client, known: Keyring) -> Keyring:
    """Return the installation's keys as they are stored; those that are known where none are."""
    try:
        return await load_keyring(client) or known
    except KeyfleetError as error:
        log.warning("engine.keys_unread", code=error.code)
        return known
