# SPDX-License-Identifier: Apache-2.0
"""Who serves the SealedSecrets of a cluster, as their statuses tell, and with which keys.

Keyfleet writes a reason into the condition, and upstream's controller never does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from keyfleet.cli.doctor.facts import SealedSheet
from keyfleet.cli.sealing.keyring.ring import Ring
from keyfleet.cli.sealing.keyring.rings import ring_of
from keyfleet.dialects.sealedsecrets.conditions import previous
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SEALEDSECRETS


async def sealing_ring(client: Client, cluster: str, namespace: str) -> Ring:
    """Return the sealing keys of a cluster; none where it serves no SealedSecrets.

    Raises:
        DeniedError: They may not be listed.
    """
    if not await client.serves(SEALEDSECRETS):
        return Ring(cluster)
    return ring_of(cluster, await list_key_secrets(client, namespace))


async def sealed_sheet(client: Client) -> SealedSheet:
    """Return who says how the SealedSecrets of a cluster stand.

    Raises:
        DeniedError: They may not be listed.
    """
    if not await client.serves(SEALEDSECRETS):
        return SealedSheet()
    return sheet_of((await client.list(SEALEDSECRETS)).items)


def sheet_of(documents: Iterable[Mapping[str, Any]]) -> SealedSheet:
    """Return who says how these SealedSecrets stand."""
    nobodys, others = [], []
    for document in documents:
        metadata, status = document["metadata"], document.get("status")
        name = f"{metadata['namespace']}/{metadata['name']}"
        if not _is_answered(metadata, status):
            nobodys.append(name)
        elif not previous(status or {}).get("reason"):
            others.append(name)
    return SealedSheet(tuple(nobodys), tuple(others))


def _is_answered(metadata: Mapping[str, Any], status: Any) -> bool:
    if not isinstance(status, Mapping) or not previous(status):
        return False
    return bool(status.get("observedGeneration") == metadata.get("generation"))
