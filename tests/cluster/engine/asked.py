# SPDX-License-Identifier: Apache-2.0
"""Requests as an authorizer sees them, and which right each of them used."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from keyfleet.localplane.exchange import Seen
from keyfleet.manifests.rights import Right

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_APPLY = "application/apply-patch+yaml"
_BY_NAME = "metadata.name="
_FREE = "authorization.k8s.io"
"""Everybody may ask what they may do."""


@dataclass(frozen=True, order=True, slots=True)
class Asked:
    """One request's attributes."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str

    def uses(self, right: Right) -> bool:
        """Tell whether this right allows it."""
        return (
            (self.verb, self.group, self.resource, self.subresource)
            == (right.verb, right.group, right.resource, right.subresource)
            and right.name in ("", self.name)
            and right.namespace in ("", self.namespace)
        )


def attributes(seen: Seen) -> list[Asked]:
    """Return what a request asks for; nothing for paths that are no objects."""
    words = seen.path.strip("/").split("/")
    if not seen.resource or words[0] not in ("api", "apis"):
        return []
    group = words[1] if words[0] == "apis" else ""
    if group == _FREE:
        return []
    below = words[words.index(seen.resource, 2) :] if seen.namespace else words[-_depth(words) :]
    subresource = below[2] if len(below) > 2 else ""
    name, verb = seen.name, _verb(seen)
    if verb in ("list", "watch") and seen.query.get("fieldSelector", "").startswith(_BY_NAME):
        name = seen.query["fieldSelector"].removeprefix(_BY_NAME)
    first = Asked(verb, group, seen.resource, subresource, seen.namespace, name)
    if seen.content_type == _APPLY and seen.status == HTTPStatus.CREATED:
        # An apply to an absent object is judged as a patch, and then as a create with the name.
        return [first, Asked("create", group, seen.resource, subresource, seen.namespace, name)]
    return [first]


def _depth(words: list[str]) -> int:
    return len(words) - (3 if words[0] == "apis" else 2)


def _verb(seen: Seen) -> str:
    if seen.method != "GET":
        return _VERBS[seen.method]
    if seen.name:
        return "get"
    return "watch" if seen.is_watch else "list"


def granted(requests: Iterable[Seen]) -> set[Asked]:
    """Return what was asked and not refused by the API server's authorizer."""
    heard = [one for one in requests if one.fault is None and one.status is not None]
    allowed = [one for one in heard if one.status != HTTPStatus.FORBIDDEN]
    return {asked for seen in allowed for asked in attributes(seen)}


def refused(requests: Iterable[Seen]) -> set[Asked]:
    """Return what the API server itself refused, and no fault of a test."""
    found = [one for one in requests if one.fault is None and one.status == HTTPStatus.FORBIDDEN]
    return {asked for seen in found for asked in attributes(seen)}


def unused(rights: Iterable[Right], asked: Iterable[Asked]) -> list[Right]:
    """Return the rights that no request used."""
    found = list(asked)
    return [right for right in rights if not any(one.uses(right) for one in found)]


def uncovered(rights: Iterable[Right], asked: Iterable[Asked]) -> list[Asked]:
    """Return the requests that no right allows."""
    known = list(rights)
    return sorted(one for one in asked if not any(one.uses(right) for right in known))
