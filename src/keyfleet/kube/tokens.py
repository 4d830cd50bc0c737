# SPDX-License-Identifier: Apache-2.0
"""Ask an API server for a token of a ServiceAccount (TokenRequest)."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from keyfleet.base.secret import SecretValue
from keyfleet.kube.client import Client
from keyfleet.kube.decoding import UNDECODABLE
from keyfleet.kube.requests import JSON, Request, encode_body, subject_of
from keyfleet.kube.resources import SERVICE_ACCOUNTS
from keyfleet.kube.responses import unexpected_answer

SECONDS_MIN = 600
"""An API server gives none that lasts for less."""


class _Issued(msgspec.Struct):
    token: str


class _TokenRequest(msgspec.Struct):
    status: _Issued


_DECODER = msgspec.json.Decoder(_TokenRequest)


def token_request(
    namespace: str, name: str, *, audiences: Sequence[str] = (), seconds: int = 3600
) -> Request:
    """Build the request for a token; needs `create` on `serviceaccounts/token`.

    Args:
        namespace: Of the ServiceAccount.
        name: Of the ServiceAccount.
        audiences: Who shall accept it; empty: the API server itself.
        seconds: How long it shall hold; the server may choose otherwise.
    """
    spec = {"audiences": list(audiences), "expirationSeconds": max(seconds, SECONDS_MIN)}
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    target = SERVICE_ACCOUNTS.path(namespace=namespace, name=name, subresource="token")
    subject = subject_of(SERVICE_ACCOUNTS, namespace, name)
    return Request("create", "POST", target, subject, JSON, JSON, encode_body(body))


async def service_account_token(
    client: Client, namespace: str, name: str, *, audiences: Sequence[str], seconds: int
) -> SecretValue:
    """Return a fresh token of a ServiceAccount.

    Raises:
        NotFoundError: There is no such ServiceAccount.
        DeniedError: Keyfleet may not ask for its tokens.
    """
    request = token_request(namespace, name, audiences=audiences, seconds=seconds)
    body = await client.transport.send(request)
    with suppress(*UNDECODABLE):
        return SecretValue(_DECODER.decode(body).status.token.encode())
    # Out here, since the original would keep the body as context.
    raise unexpected_answer(f"{client.cluster}/{request.subject}")
