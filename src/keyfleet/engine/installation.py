# SPDX-License-Identifier: Apache-2.0
"""Who this installation is: the hub's identity and the key that signs and fingerprints.

The key is a Secret on the hub. It may hold several keys by id; ids are compared as text and the
greatest signs, so that a key named by a later date takes over while the earlier ones verify.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from keyfleet.base.errors import ConflictError, DeniedError, NotReadyError, PermanentError
from keyfleet.base.keyring import KEY_BYTES, Keyring, ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SECRETS
from keyfleet.model.ownership import FIRST_KEY_ANNOTATION, SYSTEM_NAMESPACE, Installation

KEY_SECRET = "keyfleet-fingerprint"  # noqa: S105 - the object's name


def keyring_of(data: Mapping[str, SecretValue]) -> Keyring:
    """Return the ring that the key Secret's data holds.

    Raises:
        PermanentError: No usable key is in it.
    """
    usable = {name: value for name, value in data.items() if value.size >= KEY_BYTES}
    if not usable:
        raise PermanentError(
            "installation.key_invalid",
            "the installation's key Secret holds no key of 32 bytes",
            f"{SYSTEM_NAMESPACE}/{KEY_SECRET}",
            hint="restore it from a backup; a new one makes every target foreign",
        )
    return Keyring({name: usable[name].reveal() for name in sorted(usable, reverse=True)})


async def load_keyring(client: Client) -> Keyring | None:
    """Return the installation's keys; None where they are absent or may not be read."""
    try:
        found = await client.find_secret(SYSTEM_NAMESPACE, KEY_SECRET)
    except DeniedError:
        return None
    return keyring_of(found.data) if found is not None else None


async def ensure_keyring(client: Client, now: datetime) -> Keyring:
    """Return the installation's keys, making the first one when there is none.

    Raises:
        NotFoundError: Namespace keyfleet-system does not exist.
        DeniedError: The key may not be read or made.
    """
    found = await client.find_secret(SYSTEM_NAMESPACE, KEY_SECRET)
    if found is None:
        await _make_key(client, now)
        # Another replica may have been there at the same moment: what is stored counts.
        found = await client.find_secret(SYSTEM_NAMESPACE, KEY_SECRET)
    if found is None:
        raise NotReadyError("installation.key_lost", "the installation's key was deleted meanwhile")
    return keyring_of(found.data)


async def _make_key(client: Client, now: datetime) -> None:
    # Never an id that was used before, else what a lost key signed would look forged.
    key_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    data = {key_id: SecretValue(secrets.token_bytes(KEY_BYTES))}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": KEY_SECRET,
            "namespace": SYSTEM_NAMESPACE,
            "labels": {"app.kubernetes.io/name": "keyfleet"},
            # What two who make the first key at the same moment disagree about.
            "annotations": {FIRST_KEY_ANNOTATION: key_id},
        },
        "type": "Opaque",
        "data": data,
    }
    # An apply creates under a name that a role can be limited to, which a POST cannot. With a field
    # manager of its own it meets a conflict where another replica was first, and replaces no key.
    with suppress(ConflictError):
        await client.apply(SECRETS, body, manager=f"keyfleet-install-{secrets.token_hex(4)}")


async def laptop_installation(client: Client, hub: str) -> Installation:
    """Return who a command line is: with the installation's key where it may be read."""
    return Installation(hub, await load_keyring(client) or ephemeral_keyring())
