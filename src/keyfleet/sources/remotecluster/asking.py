# SPDX-License-Identifier: Apache-2.0
"""Send requests to a store's cluster, and read Secrets whole: with every annotation.

`Client.find_secret` drops the annotation that kubectl leaves with a copy of the object, values
included. `metadataPolicy: Fetch` asks for it, so here it stays, as secret as a value.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from keyfleet.base.errors import NotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.kube import requests
from keyfleet.kube.client import Client
from keyfleet.kube.decoding import UNDECODABLE
from keyfleet.kube.objects import SecretObject, secret_object
from keyfleet.kube.requests import Request
from keyfleet.kube.resources import SECRETS
from keyfleet.kube.responses import require_absence, unexpected_answer

T = TypeVar("T")

Texts = Mapping[str, SecretValue] | None
"""Labels or annotations; None, as Go has it, where there are none."""


@dataclass(frozen=True, slots=True)
class RemoteSecret:
    """A Secret of the store's cluster."""

    data: Mapping[str, SecretValue]
    labels: Texts = None
    annotations: Texts = None


async def ask(client: Client, request: Request, decode: Callable[[bytes], T]) -> T:
    """Return a decoded answer.

    Raises:
        UnreachableError: `api.unexpected_answer`: it is no answer of an API server.
        KeyfleetError: As `Transport.send`.
    """
    body = await client.transport.send(request)
    with suppress(*UNDECODABLE):
        return decode(body)
    # Out here, since the original would keep the body as context.
    raise unexpected_answer(f"{client.cluster}/{request.subject}")


async def read_secret(client: Client, namespace: str, name: str) -> RemoteSecret | None:
    """Return a Secret, None when the server says that it is absent."""
    request = requests.get(SECRETS, name, namespace=namespace)
    try:
        found = await ask(client, request, secret_object)
    except NotFoundError as error:
        require_absence(error)
        return None
    if found.metadata.key != (namespace, name):
        # Whoever answers with another object than the one asked for is no API server.
        raise unexpected_answer(f"{client.cluster}/{request.subject}")
    return _remote(found)


async def list_secrets(
    client: Client, namespace: str, labels: str
) -> AsyncIterator[tuple[str, RemoteSecret]]:
    """Give the Secrets with these labels by name, with their values only."""
    async for page in client.secret_pages(namespace=namespace, labels=labels):
        for found in page:
            yield found.metadata.name, RemoteSecret(found.data)


def _remote(found: SecretObject) -> RemoteSecret:
    metadata = found.metadata
    return RemoteSecret(found.data, _texts(metadata.labels), _texts(metadata.annotations))


def _texts(found: Mapping[str, str] | None) -> Texts:
    if not found:
        return None
    return {name: SecretValue(text.encode()) for name, text in found.items()}
