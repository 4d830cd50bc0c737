# SPDX-License-Identifier: Apache-2.0
"""A few blocking calls to a local API server: readiness, tokens, the end of a namespace.

`kube.transport` is for the product; this needs no event loop, so that a test of any loop, and a
plane that starts in a thread, can use it.
"""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base import codec
from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane.connections import Answer, Connections, Request

_TIMEOUT_S = 30.0

_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True, slots=True)
class Api:
    """One API server and one login."""

    url: str
    """`https://127.0.0.1:<port>`."""
    ca_pem: bytes = field(repr=False)
    """What signs the server's certificate."""
    token: str = field(repr=False)
    """Bearer token."""
    connections: Connections | None = field(default=None, repr=False, compare=False)
    """Whose to use; None: every call has its own."""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_s: float = _TIMEOUT_S,
    ) -> Answer:
        """Send one request; `body` is anything JSON can hold.

        Raises:
            OSError, http.client.HTTPException: No answer.
        """
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": accept,
            "Content-Type": content_type,
        }
        content = None if body is None else codec.encode_json(body)
        with self._connections() as connections:
            return connections.exchange(Request(method, path, content, headers, timeout_s))

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """Return the decoded answer of a call that has to succeed.

        Raises:
            KeyfleetError: The server answered with an error; its text is not repeated.
        """
        answer = self.call(method, path, body)
        if answer.status >= http.client.BAD_REQUEST:
            raise KeyfleetError(
                "localplane.api",
                "a local API server refused a call",
                f"{method} {path}",
            )
        return answer.json()

    @contextmanager
    def _connections(self) -> Iterator[Connections]:
        if self.connections is not None:
            yield self.connections
            return
        own = Connections(self.url, self.ca_pem)
        try:
            yield own
        finally:
            own.close()


def finalize_namespace(api: Api, name: str) -> None:
    """Delete a namespace with everything in it, as the namespace controller would.

    Objects that carry finalizers of their own stay in storage, and come back into sight with a
    namespace of that name.
    """
    api.call("DELETE", f"/api/v1/namespaces/{name}")
    for prefix, resource in _collections(api):
        api.call("DELETE", f"{prefix}/namespaces/{name}/{resource}")
    namespace = api.must("GET", f"/api/v1/namespaces/{name}")
    namespace["spec"]["finalizers"] = []
    api.must("PUT", f"/api/v1/namespaces/{name}/finalize", namespace)


def service_account_token(api: Api, namespace: str, name: str, *, seconds: int) -> str:
    """Return a token of a service account, which is created where it is absent."""
    account = {"metadata": {"name": name}}
    api.call("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
    review = api.must(
        "POST",
        f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
        {"spec": {"expirationSeconds": seconds}},
    )
    return str(review["status"]["token"])


def _collections(api: Api) -> list[tuple[str, str]]:
    # (path prefix, resource) of every namespaced kind whose collections can be deleted.
    found = []
    for root in ("/api", "/apis"):
        for group in api.call("GET", root, accept=_DISCOVERY).json()["items"]:
            group_name = group["metadata"].get("name", "")
            version = group["versions"][0]
            prefix = f"{root}/{group_name}/{version['version']}".replace("//", "/")
            found += [(prefix, resource) for resource in _deletable(version)]
    return found


def _deletable(version: dict[str, Any]) -> list[str]:
    return [
        resource["resource"]
        for resource in version.get("resources", ())
        if resource["scope"] == "Namespaced" and "deletecollection" in resource["verbs"]
    ]
