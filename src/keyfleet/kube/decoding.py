# SPDX-License-Identifier: Apache-2.0
"""Decode objects, list pages and watch events straight into what is kept.

`METADATA` never builds a dict for an object; `full_object` keeps dicts and is for the native kinds.
Neither keeps `last-applied-configuration` (a copy of the whole object, values included) nor
`managedFields`.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from keyfleet.kube.budget import weight
from keyfleet.kube.objects import (
    Metadata,
    PartialObject,
    SecretObject,
    SecretPage,
    metadata_of,
    secret_object,
)
from keyfleet.kube.requests import JSON, PARTIAL, PARTIAL_LIST

T = TypeVar("T")

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
INITIAL_END = "k8s.io/initial-events-end"


UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoders raise for bytes that are not of their shape, or nested past every limit."""


class Heard(msgspec.Struct, Generic[T], frozen=True):
    """One event of a watch."""

    type: str
    """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""
    metadata: Metadata
    item: T

    @property
    def ends_initial_list(self) -> bool:
        """Whether this bookmark says that the streamed list is complete."""
        return (self.metadata.annotations or {}).get(INITIAL_END) == "true"


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list."""

    items: list[T]
    resource_version: str
    continue_: str


class Decode(msgspec.Struct, Generic[T], frozen=True):
    """How answers become items, and which form of answer to ask for.

    `page` and `event` raise one of `UNDECODABLE` for what is not of that shape.
    """

    watch_accept: str
    list_accept: str
    page: Callable[[bytes], Page[T]]
    event: Callable[[bytes], Heard[T]]
    metadata: Callable[[T], Metadata]
    """Metadata of an item."""
    filter_annotations: Callable[[T, Callable[[str], bool]], None]
    """Drop the annotations of an item that the predicate does not keep."""
    weight: Callable[[T], int]
    """About how many bytes of memory an item counts for, where there is a limit."""


class _WireListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _PartialPage(msgspec.Struct):
    metadata: _WireListMeta = msgspec.field(default_factory=_WireListMeta)
    items: list[PartialObject] | None = None


class _PartialEvent(msgspec.Struct):
    type: str
    object: PartialObject


class _FullPage(msgspec.Struct):
    metadata: _WireListMeta = msgspec.field(default_factory=_WireListMeta)
    items: list[dict[str, Any]] | None = None


class _FullEvent(msgspec.Struct):
    type: str
    object: dict[str, Any]


_OBJECT = msgspec.json.Decoder(dict[str, Any])
_PARTIAL = msgspec.json.Decoder(PartialObject)
_PARTIAL_PAGE = msgspec.json.Decoder(_PartialPage)
_PARTIAL_EVENT = msgspec.json.Decoder(_PartialEvent)
_FULL_PAGE = msgspec.json.Decoder(_FullPage)
_FULL_EVENT = msgspec.json.Decoder(_FullEvent)
_SECRET_PAGE = msgspec.json.Decoder(SecretPage)


def keep_all(annotation: str) -> bool:
    """Keep every annotation; `last-applied-configuration` never gets this far."""
    return True


def decode_metadata(body: bytes) -> Metadata:
    """Return the metadata of an object or of a PartialObjectMetadata."""
    return _scrubbed(_named(_PARTIAL.decode(body).metadata))


def decode_object(body: bytes) -> dict[str, Any]:
    """Return an object as dicts."""
    document = without_copies(_OBJECT.decode(body))
    _named(metadata_of(document))
    return document


def decode_secret(body: bytes) -> SecretObject:
    """Return a Secret with wrapped values."""
    secret = secret_object(body)
    _scrubbed(_named(secret.metadata))
    return secret


def decode_secret_page(body: bytes) -> Page[SecretObject]:
    """Return one page of Secrets with wrapped values."""
    page = _SECRET_PAGE.decode(body)
    items = page.secrets()
    for item in items:
        _scrubbed(item.metadata)
    return Page(items, page.metadata.resource_version, page.metadata.continue_)


def without_copies(document: dict[str, Any]) -> dict[str, Any]:
    """Drop, in place, the metadata that repeats the object."""
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(LAST_APPLIED, None)
    return document


def _named(metadata: Metadata) -> Metadata:
    # Every stored object has a name: `{}` from a proxy must not look like an object.
    if not metadata.name:
        message = "an object without a name"
        raise msgspec.ValidationError(message)
    return metadata


def _scrubbed(metadata: Metadata) -> Metadata:
    # The struct is frozen, its dict is not: dropping in place copies nothing.
    if metadata.annotations:
        metadata.annotations.pop(LAST_APPLIED, None)
    return metadata


def _partial_page(body: bytes) -> Page[Metadata]:
    page = _PARTIAL_PAGE.decode(body)
    items = [_scrubbed(item.metadata) for item in page.items or ()]
    return Page(items, page.metadata.resource_version, page.metadata.continue_)


def _partial_event(line: bytes) -> Heard[Metadata]:
    event = _PARTIAL_EVENT.decode(line)
    metadata = _scrubbed(event.object.metadata)
    return Heard(event.type, metadata, metadata)


def _filter_partial(metadata: Metadata, keep: Callable[[str], bool]) -> None:
    if metadata.annotations:
        _filter(metadata.annotations, keep)


def _full_page(body: bytes) -> Page[dict[str, Any]]:
    page = _FULL_PAGE.decode(body)
    items = [without_copies(item) for item in page.items or ()]
    return Page(items, page.metadata.resource_version, page.metadata.continue_)


def _full_event(line: bytes) -> Heard[dict[str, Any]]:
    event = _FULL_EVENT.decode(line)
    document = without_copies(event.object)
    return Heard(event.type, metadata_of(document), document)


def _filter_full(document: dict[str, Any], keep: Callable[[str], bool]) -> None:
    annotations = (document.get("metadata") or {}).get("annotations")
    if annotations:
        _filter(annotations, keep)


def _filter(annotations: dict[str, str], keep: Callable[[str], bool]) -> None:
    for name in [name for name in annotations if not keep(name)]:
        del annotations[name]


def _itself(metadata: Metadata) -> Metadata:
    return metadata


def _weight_by_metadata(document: dict[str, Any]) -> int:
    return weight(metadata_of(document))


BODY_FACTOR = 4
"""What dicts take in memory, of the length of their JSON."""


def _weight_of_all(document: dict[str, Any]) -> int:
    return weight(metadata_of(document)) + BODY_FACTOR * len(msgspec.json.encode(document))


METADATA: Decode[Metadata] = Decode(
    PARTIAL, PARTIAL_LIST, _partial_page, _partial_event, _itself, _filter_partial, weight
)
"""Keep typed metadata; the server sends nothing else."""

full_object: Decode[dict[str, Any]] = Decode(
    JSON, JSON, _full_page, _full_event, metadata_of, _filter_full, _weight_by_metadata
)
"""Keep whole objects as dicts; for the native kinds, never for Secrets."""

strangers_object: Decode[dict[str, Any]] = Decode(
    JSON, JSON, _full_page, _full_event, metadata_of, _filter_full, _weight_of_all
)
"""As `full_object`, where whoever writes objects could fill the memory with them: in members."""


def selecting(decode: Decode[Metadata], wants: Callable[[Metadata], bool]) -> Decode[Metadata]:
    """Keep some objects of a collection only; of the others nothing but that time went on.

    Args:
        decode: How objects are read.
        wants: Whether an object is kept; always the same answer for the same name.
    """

    def page(body: bytes) -> Page[Metadata]:
        found = decode.page(body)
        items = [item for item in found.items if wants(item)]
        return Page(items, found.resource_version, found.continue_)

    def event(line: bytes) -> Heard[Metadata]:
        heard = decode.event(line)
        if heard.type not in ("ADDED", "MODIFIED", "DELETED") or wants(heard.metadata):
            return heard
        # Without its annotations, since those of a bookmark mean something.
        moment = Metadata(resource_version=heard.metadata.resource_version)
        return Heard("BOOKMARK", moment, moment)

    return Decode(
        decode.watch_accept,
        decode.list_accept,
        page,
        event,
        decode.metadata,
        decode.filter_annotations,
        decode.weight,
    )
