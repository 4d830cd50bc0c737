# SPDX-License-Identifier: Apache-2.0
"""One API server in memory: requests in, answers and watches out.

What it leaves out: CRD schemas and admission policies (every custom object is taken as it is),
field ownership (an apply merges), strict field validation, and controllers: a namespace that
terminates goes when `end_namespace` says so.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from keyfleet.base.clock import timestamp
from keyfleet.kube.resources import ACCESS_REVIEWS, CRDS, NAMESPACES, Resource
from keyfleet.testing.memoryplane import refusals, rules
from keyfleet.testing.memoryplane.patching import json_patched, merge_patched
from keyfleet.testing.memoryplane.refusals import RefusalError
from keyfleet.testing.memoryplane.routing import Route, route, served
from keyfleet.testing.memoryplane.selecting import choice_of
from keyfleet.testing.memoryplane.store import Document, Store, Stored
from keyfleet.testing.memoryplane.watches import Watch

VERSION = "v1.36.0"
ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Reply:
    """Status code, body and headers of one answer."""

    status: int
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> Document:
        """Return the decoded body."""
        found: Document = msgspec.json.decode(self.body)
        return found


def _epoch() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


class MemoryPlane:
    """An API server with `kube-system` and `default` in it."""

    def __init__(self, name: str, *, now: Callable[[], datetime] = _epoch, seed: int = 0) -> None:
        self.name = name
        self.store = Store()
        self.may: Callable[[str, Resource, str, str, str], bool] = lambda *_: True
        """Whether (verb, resource, namespace, name) is allowed to a user, who comes last."""
        self.watches: list[Watch] = []
        self._now = now
        self._random = Random(f"{name} {seed}")  # noqa: S311 - UIDs that repeat with the seed
        for namespace in ("default", "kube-system"):
            self.must("POST", NAMESPACES.path(), {"metadata": {"name": namespace}})

    @property
    def uid(self) -> str:
        """The cluster's identity: the UID of `kube-system`."""
        stored = self.store.get(NAMESPACES.label, ("", "kube-system"))
        assert stored is not None  # noqa: S101 - nobody deletes it
        return str(stored.metadata["uid"])

    def must(self, method: str, target: str, body: Any = None, **how: str) -> Document:
        """Return the decoded answer of a request that has to succeed."""
        reply = self.ask(method, target, body, **how)
        assert reply.status < 400, (method, target, reply.status)  # noqa: S101 - for tests
        return reply.document()

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        user: str = ADMIN,
    ) -> Reply:
        """Answer one request that is no watch; `body` is anything JSON can hold, or bytes."""
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
        try:
            found = self.answer(method, target, sent, content_type, accept, user=user)
        except RefusalError as refusal:
            return refused(refusal)
        assert isinstance(found, Reply)  # noqa: S101 - watches are for sessions
        return found

    def answer(
        self, method: str, target: str, body: bytes, content_type: str, accept: str, *, user: str
    ) -> Reply | Watch:
        """Answer one request as the API server does.

        Raises:
            RefusalError: What `refused` turns into an answer.
        """
        if target.partition("?")[0] == "/version":
            return Reply(200, msgspec.json.encode({"gitVersion": VERSION}))
        asked = route(self.store, method, target)
        if asked.verb == "discover":
            return self._discover(asked.resource)
        if asked.resource == ACCESS_REVIEWS:
            return self._review(body, user)
        if not self.may(asked.verb, asked.resource, asked.namespace, asked.name, user):
            raise refusals.forbidden(asked.verb, asked.resource, asked.namespace, asked.name, user)
        is_partial = "as=PartialObjectMetadata" in accept
        if method == "GET":
            return self._read(asked, is_partial=is_partial)
        return self._write(asked, body, content_type, user, is_partial=is_partial)

    def _read(self, asked: Route, *, is_partial: bool) -> Reply | Watch:
        if asked.verb == "watch":
            return self._watch(asked, is_partial=is_partial)
        if asked.verb == "list":
            return self._list(asked, is_partial=is_partial)
        return _shown(self._find(asked), is_partial=is_partial)

    def _write(
        self, asked: Route, body: bytes, content_type: str, user: str, *, is_partial: bool
    ) -> Reply:
        match asked.verb:
            case "delete":
                return self._delete(asked, msgspec.json.decode(body) if body else None, user)
            case "deletecollection":
                return self._delete_all(asked, user)
            case "create":
                stored = self._create(asked, msgspec.json.decode(body), user)
                return _shown(stored, is_partial=is_partial, status=201)
            case _:
                return self._change(asked, body, content_type, user, is_partial=is_partial)

    # Reads.

    def _discover(self, of: Resource) -> Reply:
        kinds = served(self.store, of.group, of.version)
        resources = [{"name": one.plural, "kind": one.kind} for one in kinds]
        found = {
            "kind": "APIResourceList",
            "groupVersion": of.api_version,
            "resources": resources,
        }
        return Reply(200, msgspec.json.encode(found))

    def _review(self, body: bytes, user: str) -> Reply:
        review = msgspec.json.decode(body)
        wanted = review["spec"]["resourceAttributes"]
        plural, group = wanted.get("resource", ""), wanted.get("group", "")
        resource = Resource(group, wanted.get("version", "v1"), plural, "")
        place = wanted.get("namespace", ""), wanted.get("name", "")
        allowed = self.may(wanted["verb"], resource, *place, user)
        return Reply(201, msgspec.json.encode({**review, "status": {"allowed": allowed}}))

    def _find(self, asked: Route) -> Stored:
        stored = self.store.get(asked.resource.label, asked.key)
        if stored is None:
            raise refusals.not_found(asked.resource, asked.name)
        return stored

    def _list(self, asked: Route, *, is_partial: bool) -> Reply:
        query, label = asked.query, asked.resource.label
        choice = choice_of(
            asked.namespace, query.get("labelSelector", ""), query.get("fieldSelector", "")
        )
        revision, after = self._position(query.get("continue", ""))
        objects = self.store.at(label, revision)
        chosen = [(key, one) for key, one in objects.items() if choice.takes(one) and key > after]
        limit = int(query.get("limit", "0")) or len(chosen)
        metadata: Document = {"resourceVersion": str(revision)}
        if len(chosen) > limit:
            metadata["continue"] = _token(revision, chosen[limit - 1][0])
            if choice.labels.is_empty and not choice.fields:
                metadata["remainingItemCount"] = len(chosen) - limit
        kind = (
            {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
            if is_partial
            else {"kind": f"{asked.resource.kind}List", "apiVersion": asked.resource.api_version}
        )
        items = [msgspec.Raw(one.partial if is_partial else one.full) for _, one in chosen[:limit]]
        return Reply(200, msgspec.json.encode({**kind, "metadata": metadata, "items": items}))

    def _position(self, token: str) -> tuple[int, tuple[str, str]]:
        if not token:
            return self.store.revision, ("", "")
        revision, namespace, name = base64.urlsafe_b64decode(token).decode().split("\n")
        if int(revision) < self.store.compacted:
            raise refusals.expired()
        return int(revision), (namespace, name)

    def _watch(self, asked: Route, *, is_partial: bool) -> Watch:
        query, resource = asked.query, asked.resource
        choice = choice_of(
            asked.namespace, query.get("labelSelector", ""), query.get("fieldSelector", "")
        )
        watch = Watch(
            self.store,
            resource.label,
            choice,
            kind=(resource.api_version, resource.kind),
            is_partial=is_partial,
            timeout_s=float(query.get("timeoutSeconds", "0")),
        )
        self.watches = [*(one for one in self.watches if not one.is_ended), watch]
        initial = query.get("sendInitialEvents") == "true"
        watch.start(query.get("resourceVersion", ""), initial=initial)
        return watch

    # Writes.

    def _create(self, asked: Route, body: Document, user: str) -> Stored:
        resource = asked.resource
        name = (body.get("metadata") or {}).get("name", "")
        self._check_namespace(asked, name)
        if self.store.get(resource.label, (asked.namespace, name)) is not None:
            raise refusals.already_exists(resource, name)
        document = rules.new_object(
            resource,
            body,
            namespace=asked.namespace,
            uid=str(UUID(int=self._random.getrandbits(128), version=4)),
            now=timestamp(self._now()),
        )
        return self.store.put(resource.label, (asked.namespace, name), document, by=user)

    def _check_namespace(self, asked: Route, name: str) -> None:
        if not asked.resource.namespaced:
            return
        found = self.store.get(NAMESPACES.label, ("", asked.namespace))
        if found is None:
            raise refusals.not_found(NAMESPACES, asked.namespace)
        if found.metadata.get("deletionTimestamp"):
            raise refusals.terminating(asked.resource, asked.namespace, name)

    def _change(
        self, asked: Route, body: bytes, content_type: str, user: str, *, is_partial: bool
    ) -> Reply:
        sent = msgspec.json.decode(body)
        before = self.store.get(asked.resource.label, asked.key)
        if before is None:
            if "apply-patch" in content_type:
                return _shown(self._create(asked, sent, user), is_partial=is_partial, status=201)
            raise refusals.not_found(asked.resource, asked.name)
        wanted = sent if asked.verb == "update" else _patched(before.document, sent, content_type)
        after = rules.changed_object(
            asked.resource, before.document, wanted, subresource=asked.subresource
        )
        return _shown(self._store(asked, before, after, user), is_partial=is_partial)

    def _store(self, asked: Route, before: Stored, after: Document, user: str) -> Stored:
        if after == before.document:
            return before
        is_ending = "deletionTimestamp" in after["metadata"]
        if is_ending and rules.ends_when_deleted(asked.resource, after):
            self.store.put(asked.resource.label, asked.key, after, by=user)
            self.store.drop(asked.resource.label, asked.key, by=user)
            return Stored(after)
        return self.store.put(asked.resource.label, asked.key, after, by=user)

    def _delete(self, asked: Route, options: Document | None, user: str) -> Reply:
        stored = self._find(asked)
        _check_deletion(asked, stored, (options or {}).get("preconditions") or {})
        if not rules.ends_when_deleted(asked.resource, stored.document):
            if "deletionTimestamp" in stored.metadata:
                return Reply(200, stored.full)
            document = rules.being_deleted(asked.resource, stored.document, timestamp(self._now()))
            after = self.store.put(asked.resource.label, asked.key, document, by=user)
            return Reply(200, after.full)
        self._remove(asked.resource, asked.key, user)
        details = {
            "name": asked.name,
            "kind": asked.resource.plural,
            "uid": stored.metadata["uid"],
        }
        if asked.resource.group:
            details["group"] = asked.resource.group
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }
        return Reply(200, msgspec.json.encode(status))

    def _delete_all(self, asked: Route, user: str) -> Reply:
        choice = choice_of(asked.namespace, asked.query.get("labelSelector", ""), "")
        for key, stored in self.store.all(asked.resource.label).items():
            if choice.takes(stored):
                one = Route("delete", asked.resource, *key)
                self._delete(one, None, user)
        return self._list(asked, is_partial=False)

    def _remove(self, resource: Resource, key: tuple[str, str], user: str) -> None:
        stored = self.store.get(resource.label, key)
        if resource == CRDS and stored is not None:
            self._end_kind(stored.document["spec"], user)
        self.store.drop(resource.label, key, by=user)

    def _end_kind(self, spec: Document, user: str) -> None:
        label = f"{spec['names']['plural']}.{spec['group']}"
        for key in self.store.all(label):
            self.store.drop(label, key, by=user)
        self.end_watches(label)

    # What happens in a cluster by itself, or to it.

    def end_watches(self, label: str = "") -> None:
        """End the open watches, of one kind or of all."""
        for watch in self.watches:
            if not label or watch.label == label:
                watch.end()

    def end_namespace(self, name: str) -> None:
        """Delete a namespace with all that is in it, as the namespace controller does."""
        self.ask("DELETE", NAMESPACES.path(name=name))
        for label, key, stored in list(self.store.everything()):
            if key[0] == name:
                stored.metadata.pop("finalizers", None)
                self.store.drop(label, key, by="namespace-controller")
        document = self.must("GET", NAMESPACES.path(name=name))
        document["spec"]["finalizers"] = []
        self.must("PUT", NAMESPACES.path(name=name, subresource="finalize"), document)


def refused(refusal: RefusalError) -> Reply:
    """Return the answer that a refusal is."""
    headers = {"Retry-After": "1"} if refusal.code == 429 else {}
    return Reply(refusal.code, refusal.body, headers)


def _shown(stored: Stored, *, is_partial: bool, status: int = 200) -> Reply:
    return Reply(status, stored.partial if is_partial else stored.full)


def _patched(document: Document, sent: Any, content_type: str) -> Document:
    match content_type.partition(";")[0]:
        case "application/json-patch+json":
            return json_patched(document, sent)
        case "application/merge-patch+json" | "application/apply-patch+yaml":
            found: Document = merge_patched(document, sent)
            return found
        case _:
            raise refusals.unsupported(content_type)


def _check_deletion(asked: Route, stored: Stored, wanted: Document) -> None:
    for field_, said in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        live = stored.metadata[field_]
        if wanted.get(field_, live) != live:
            why = (
                f"Precondition failed: {said} in precondition: {wanted[field_]},"
                f" {said} in object meta: {live}"
            )
            refusal = refusals.conflict(asked.resource, asked.name, why)
            refusal.status["details"]["kind"] = asked.resource.kind
            raise refusal


def _token(revision: int, last: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode("\n".join((str(revision), *last)).encode()).decode()
