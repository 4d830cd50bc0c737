# SPDX-License-Identifier: Apache-2.0
"""What an API server says when it refuses: Status bodies as kube-apiserver 1.36 writes them."""

from typing import Any

import msgspec

from keyfleet.kube.resources import Resource

Cause = dict[str, str]


class RefusalError(Exception):
    """A request that gets a Status instead of what it wanted."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        *,
        text: str = "",
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.text = text
        """Sent instead of a Status."""
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details or {},
            "code": code,
        }

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return self.text.encode() if self.text else msgspec.json.encode(self.status)


def _about(resource: Resource, name: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "kind": resource.plural, **more}
    return {**found, "group": resource.group} if resource.group else found


def not_served() -> RefusalError:
    """Nothing is served under this path."""
    return RefusalError(404, "NotFound", "", text="404 page not found\n")


def not_found(resource: Resource, name: str) -> RefusalError:
    """The object is absent."""
    message = f'{resource.label} "{name}" not found'
    return RefusalError(404, "NotFound", message, _about(resource, name))


def already_exists(resource: Resource, name: str) -> RefusalError:
    """The name is taken."""
    message = f'{resource.label} "{name}" already exists'
    return RefusalError(409, "AlreadyExists", message, _about(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> RefusalError:
    """The precondition does not hold."""
    why = why or (
        "the object has been modified; please apply your changes to the latest version"
        " and try again"
    )
    message = f'Operation cannot be fulfilled on {resource.label} "{name}": {why}'
    return RefusalError(409, "Conflict", message, _about(resource, name))


def invalid(resource: Resource, name: str, *causes: tuple[str, str, str]) -> RefusalError:
    """The object breaks rules: (reason, field, message) each."""
    listed = [{"reason": reason, "message": text, "field": field} for reason, field, text in causes]
    said = ", ".join(f"{field}: {text}" for _, field, text in causes)
    message = f'{resource.kind} "{name}" is invalid: {said}'
    details = {**_about(resource, name, causes=listed), "kind": resource.kind}
    return RefusalError(422, "Invalid", message, details)


def unpatchable() -> RefusalError:
    """A patch cannot be carried out on this object."""
    message = "the server rejected our request due to an error in our request"
    return RefusalError(422, "Invalid", message)


def bad_request() -> RefusalError:
    """The request makes no sense."""
    return RefusalError(400, "BadRequest", "the request cannot be understood")


def forbidden(verb: str, resource: Resource, namespace: str, name: str, user: str) -> RefusalError:
    """The user has no right to do this."""
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    message = (
        f"{resource.label} {f'{chr(34)}{name}{chr(34)} ' if name else ''}is forbidden: User"
        f' "{user}" cannot {verb} resource "{resource.plural}" in API group'
        f' "{resource.group}"{where}'
    )
    return RefusalError(403, "Forbidden", message, _about(resource, name))


def terminating(resource: Resource, namespace: str, name: str) -> RefusalError:
    """The namespace takes nothing new."""
    because = f"namespace {namespace} is being terminated"
    message = (
        f'{resource.label} "{name}" is forbidden: unable to create new content in namespace'
        f" {namespace} because it is being terminated"
    )
    cause = {
        "reason": "NamespaceTerminating",
        "message": because,
        "field": "metadata.namespace",
    }
    return RefusalError(403, "Forbidden", message, _about(resource, name, causes=[cause]))


def expired() -> RefusalError:
    """The position is from before the last compaction."""
    return RefusalError(410, "Expired", "The resourceVersion is too old")


def unauthorized() -> RefusalError:
    """The credential is not accepted."""
    return RefusalError(401, "Unauthorized", "Unauthorized")


def too_many() -> RefusalError:
    """The server sheds load."""
    message = "Too many requests, please try again later."
    return RefusalError(429, "TooManyRequests", message, {"retryAfterSeconds": 1})


def broken() -> RefusalError:
    """The server fails inside."""
    return RefusalError(500, "InternalError", "Internal error occurred: etcd is away")


def unsupported(content_type: str) -> RefusalError:
    """The body is of a kind that is not taken."""
    message = f"the body of the request was in an unknown format: {content_type}"
    return RefusalError(415, "UnsupportedMediaType", message)
