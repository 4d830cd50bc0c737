# SPDX-License-Identifier: Apache-2.0
"""Ask a cluster who it takes us for, and whether we may read Secrets.

Source: docs/compat/eso-kubernetes.md, "Validation".
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from keyfleet.base import codec
from keyfleet.base.errors import DeniedError, NotFoundError, UnsupportedError
from keyfleet.kube import requests
from keyfleet.kube.access import Endpoint
from keyfleet.kube.client import Client
from keyfleet.kube.requests import Request
from keyfleet.kube.resources import NAMESPACES, SECRETS, Resource
from keyfleet.sources.remotecluster.asking import ask

T = TypeVar("T")

RULES_REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", False
)
KUBE_SYSTEM = "kube-system"
"""Its uid is taken for the cluster's."""

UNANSWERED = (DeniedError, NotFoundError, UnsupportedError)
"""What a cluster answers that does not let everybody ask, or does not know the question."""

_OF_ONE_TOKEN = frozenset(
    f"authentication.kubernetes.io/{name}"
    for name in ("credential-id", "pod-name", "pod-uid", "node-name", "node-uid")
)
"""Where a token comes from: it changes with each token, and no rights come from it."""


class _User(msgspec.Struct, frozen=True):
    username: str
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class _Person(msgspec.Struct, frozen=True, rename="camel"):
    user_info: _User


class _SelfReview(msgspec.Struct, frozen=True):
    status: _Person


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    verbs: list[str] = []
    api_groups: list[str] = []
    resources: list[str] = []

    def allows_reading(self) -> bool:
        """Tell whether the rule is about getting Secrets, of whatever names."""
        return (
            not {"get", "*"}.isdisjoint(self.verbs)
            and not {"secrets", "*"}.isdisjoint(self.resources)
            and (not self.api_groups or not {"", "*"}.isdisjoint(self.api_groups))
        )


class _Rules(msgspec.Struct, frozen=True, rename="camel"):
    resource_rules: list[_Rule] | None = None


class _RulesReview(msgspec.Struct, frozen=True):
    status: _Rules


async def principal_of(client: Client, endpoint: Endpoint) -> str:
    """Return who the server says we are, and by what it proved to be that server.

    Rights may come from the name, the uid, the groups and what else the server knows of a user, so
    all of it counts. Two stores that trust different CAs may talk to different servers, whatever
    their addresses say. Empty: the server does not tell.
    """
    try:
        found = await ask(client, requests.self_review(), _decoder(_SelfReview))
    except UNANSWERED:
        return ""
    user = found.status.user_info
    facts = (
        (user.username, user.uid, sorted(user.groups or ()), _lasting(user.extra or {})),
        (endpoint.ca_sha256, endpoint.tls_server_name),
    )
    return f"{user.username} {hashlib.sha256(codec.encode_canonical(facts)).hexdigest()}"


def _lasting(extra: Mapping[str, list[str]]) -> list[tuple[str, list[str]]]:
    return sorted((name, texts) for name, texts in extra.items() if name not in _OF_ONE_TOKEN)


async def may_read(client: Client, namespace: str) -> bool | None:
    """Tell whether some Secret of the namespace may be read; None: the server does not tell.

    Rights to single Secrets count, which the review of one access alone would not see.

    Raises:
        NotFoundError: This is no API server.
    """
    try:
        rules = await ask(client, _rules_review(namespace), _decoder(_RulesReview))
        if any(rule.allows_reading() for rule in rules.status.resource_rules or ()):
            return True
        return await client.can("get", SECRETS, namespace=namespace)
    except (DeniedError, UnsupportedError):
        # Every API server has these reviews: one that does not serve them is something else.
        return None


async def cluster_uid(client: Client) -> str:
    """Return the uid of the cluster, empty where we may not see it."""
    try:
        found = await client.find_metadata(NAMESPACES, KUBE_SYSTEM)
    except UNANSWERED:
        return ""
    return found.uid if found else ""


def _rules_review(namespace: str) -> Request:
    body = {
        "apiVersion": RULES_REVIEWS.api_version,
        "kind": RULES_REVIEWS.kind,
        "spec": {"namespace": namespace},
    }
    subject = f"the own rights in {namespace}"
    path, encoded = RULES_REVIEWS.path(), requests.encode_body(body)
    return Request("create", "POST", path, subject, requests.JSON, requests.JSON, encoded)


def _decoder(kind: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(kind).decode
