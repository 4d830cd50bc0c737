# SPDX-License-Identifier: Apache-2.0
"""Everything in a cluster that carries a hub's label, of whatever kind it was delivered as."""

from dataclasses import dataclass

from keyfleet.base.errors import DeniedError
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.model.places import SEALED_SECRET, SECRET


@dataclass(frozen=True, slots=True)
class Marked:
    """One object with the label."""

    metadata: Metadata
    kind: str = SECRET


async def list_marked(client: Client, labels: str) -> list[Marked]:
    """Return the Secrets and SealedSecrets with a label.

    Who may not list SealedSecrets was not given the rights that come with them, and sees Secrets.

    Args:
        client: The cluster.
        labels: The selector of the label.

    Raises:
        KeyfleetError: The Secrets cannot be listed, or the cluster does not answer.
    """
    found = [Marked(each) for each in await client.list_metadata(SECRETS, labels=labels)]
    return found + await _sealed(client, labels)


async def _sealed(client: Client, labels: str) -> list[Marked]:
    try:
        if not await client.serves(SEALEDSECRETS):
            return []
        listed = await client.list_metadata(SEALEDSECRETS, labels=labels)
    except DeniedError:
        return []
    return [Marked(each, SEALED_SECRET) for each in listed]
