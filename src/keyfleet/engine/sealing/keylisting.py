# SPDX-License-Identifier: Apache-2.0
"""The key Secrets of a cluster: listed whole, bounded, and read beside the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import partial

import msgspec

from keyfleet.base.errors import InvalidInputError
from keyfleet.engine.sealing.keysecrets import (
    DEFAULT_NAMESPACE,
    DEFAULT_PREFIX,
    KEY_LABEL,
    KeySecrets,
    created_of,
    read_all,
    version_of,
)
from keyfleet.kube.client import Client
from keyfleet.kube.objects import SecretObject
from keyfleet.model.ownership import HUB_LABEL

SECRETS_MAX = 1000
"""Key Secrets of one cluster that are looked at, the newest: one a month would take 80 years."""
DATA_MAX = 64 * 1024
"""Bytes of one that are looked at; a key of 16,384 bits and its certificate take 17,000."""
WORK_MAX = 1000.0
"""How many keys of 4096 bits would be as dear to try as those that are held. A longer key costs by
the third power, and who says how many there are is the cluster, for the time of all others."""

ReadAside = Callable[[Callable[[], KeySecrets]], Awaitable[KeySecrets]]
"""Does work beside the event loop."""


async def list_key_secrets(
    client: Client,
    namespace: str = DEFAULT_NAMESPACE,
    prefix: str = DEFAULT_PREFIX,
    *,
    known: KeySecrets | None = None,
    aside: ReadAside = asyncio.to_thread,
) -> KeySecrets:
    """Return the key Secrets of a cluster, those out of use and those that are broken too.

    Args:
        client: The cluster.
        namespace: Where it keeps them.
        prefix: The name of the legacy one.
        known: What was found before: keys that did not change since are not read again.
        aside: What reads keys beside the event loop.

    Raises:
        KeyfleetError: As the client; there never is a part of the answer.
    """
    listed = await _newest_raw(client, namespace, prefix)
    before = {version_of(key.metadata): key for key in known.found} if known else {}
    keys, work = KeySecrets(), 0.0
    for secret in listed:
        # One at a time, so that a cluster with many waits for others as they wait for it.
        read = await aside(partial(read_all, [secret], before))
        work += sum(key.cost for key in read.found)
        if work > WORK_MAX:
            read = KeySecrets((), ((secret.metadata.name, _too_many(secret)),))
        keys = KeySecrets(keys.found + read.found, keys.broken + read.broken)
    return keys.by_name()


async def list_raw(
    client: Client, namespace: str = DEFAULT_NAMESPACE, prefix: str = DEFAULT_PREFIX
) -> list[SecretObject]:
    """Return the key Secrets of a cluster as they are, by name, the legacy one among them.

    Raises:
        KeyfleetError: As the client; there never is a part of the answer.
    """
    secrets: dict[str, SecretObject] = {}
    async for page in client.secret_pages(namespace=namespace, labels=KEY_LABEL):
        secrets.update({secret.metadata.name: secret for secret in page})
    secrets.update(await _legacy(client, namespace, prefix, secrets))
    return [secrets[name] for name in sorted(secrets)]


async def _newest_raw(client: Client, namespace: str, prefix: str) -> list[SecretObject]:
    """Return the newest key Secrets, and of each no more than a key takes."""
    secrets: dict[str, SecretObject] = {}
    async for page in client.secret_pages(namespace=namespace, labels=KEY_LABEL):
        secrets.update({secret.metadata.name: _bounded(secret) for secret in page})
        kept = sorted(secrets.values(), key=_age, reverse=True)[:SECRETS_MAX]
        secrets = {secret.metadata.name: secret for secret in kept}
    legacy = await _legacy(client, namespace, prefix, secrets)
    return [*secrets.values(), *map(_bounded, legacy.values())]


async def _legacy(
    client: Client, namespace: str, prefix: str, known: Collection[str]
) -> dict[str, SecretObject]:
    """Return the one key Secret without a label; one that was delivered is none.

    A delivery cannot set the label, so who may have Secrets delivered here makes no key.
    """
    found = None if prefix in known else await client.find_secret(namespace, prefix)
    if found is None or HUB_LABEL in (found.metadata.labels or {}):
        return {}
    return {prefix: found}


def _bounded(secret: SecretObject) -> SecretObject:
    if sum(value.size for value in secret.data.values()) <= DATA_MAX:
        return secret
    return msgspec.structs.replace(secret, data={})


def _age(secret: SecretObject) -> tuple[datetime, str]:
    return (created_of(secret.metadata), secret.metadata.name)


def _too_many(secret: SecretObject) -> InvalidInputError:
    metadata = secret.metadata
    return InvalidInputError(
        "sealing.too_many_keys",
        "the newer keys of this cluster are all that can be tried for each value",
        f"{metadata.namespace}/{metadata.name}",
        "take the label off keys that nothing is sealed with any more, or make shorter ones",
    )
