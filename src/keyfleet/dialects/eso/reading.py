# SPDX-License-Identifier: Apache-2.0
"""`data` and `dataFrom` -> what is read of which stores, and what becomes of each answer.

Source: compat/external-secrets.md 1.3, 2.5.
"""

from collections.abc import Iterator

from keyfleet.base.errors import InvalidIntentError
from keyfleet.dialects.eso.kinds import (
    DataEntry,
    DataFromEntry,
    DeletionPolicy,
    ExternalSecretSpec,
    Find,
    GeneratorReference,
    MetadataPolicy,
    NullBytePolicy,
    PriorityPolicy,
    RemoteReference,
    Rewriting,
    StoreKind,
    StoreReference,
)
from keyfleet.model.assembly import (
    MergeRewrite,
    Piece,
    RegexpRewrite,
    Rewrite,
    TransformRewrite,
)
from keyfleet.model.eso.stores import CLUSTER_GENERATOR
from keyfleet.model.intent import Origin, Read
from keyfleet.model.stores import How, Query, Search, StoreRead, StoreRef

SOURCE = "store"

Entry = tuple[Read, Piece]


def entries(spec: ExternalSecretSpec, origin: Origin) -> Iterator[Entry]:
    """Yield what is read, in the order in which the answers are put together.

    Raises:
        InvalidIntentError: `intent.invalid`: an entry names no store, nor does the spec.
    """
    skips = spec.target.deletion_policy is not DeletionPolicy.RETAIN
    for index, bulk in enumerate(spec.data_from):
        place = _Place(spec, origin, f"spec.dataFrom[{index}]", skips_missing=skips)
        yield from _bulk(bulk, place)
    for index, entry in enumerate(spec.data):
        yield _single(entry, _Place(spec, origin, f"spec.data[{index}]", skips_missing=skips))


class _Place:
    """Where an entry stands, and what its manifest says for all of them."""

    def __init__(
        self, spec: ExternalSecretSpec, origin: Origin, path: str, *, skips_missing: bool
    ) -> None:
        self._default = spec.secret_store_ref
        self._origin = origin
        self.path = path
        self.skips_missing = skips_missing

    def read(self, store: StoreRef, query: Query) -> Read:
        return Read(SOURCE, StoreRead(store, query), path=self.path)

    def store(self, given: StoreReference | None) -> StoreRef:
        """Return the entry's own store, or that of the whole manifest."""
        found = given or self._default
        if found is None or not found.name:
            message = "neither the entry nor the manifest names a store"
            hint = "write spec.secretStoreRef.name"
            raise InvalidIntentError("intent.invalid", message, hint=hint, path=self.path)
        is_wide = found.kind is StoreKind.CLUSTER_SECRET_STORE
        return self._ref(found.kind.value, found.name, is_wide=is_wide)

    def generator(self, given: GeneratorReference) -> StoreRef:
        return self._ref(given.kind, given.name, is_wide=given.kind == CLUSTER_GENERATOR)

    def _ref(self, kind: str, name: str, *, is_wide: bool) -> StoreRef:
        namespace = "" if is_wide else self._origin.namespace
        return StoreRef(kind, name, namespace, self._origin.cluster)


def _bulk(entry: DataFromEntry, place: _Place) -> Iterator[Entry]:
    source = entry.source_ref
    rewrites = tuple(map(_rewrite, entry.rewrite))
    if entry.find is not None:
        store = place.store(source.store_ref if source else None)
        yield _found(entry.find, store, rewrites, place)
    elif entry.extract is not None:
        store = place.store(source.store_ref if source else None)
        yield _extracted(entry.extract, store, rewrites, place)
    elif source is not None and source.generator_ref is not None:
        read = place.read(place.generator(source.generator_ref), Query(How.GENERATE))
        key = source.generator_ref.name
        yield read, Piece(How.GENERATE, rewrites=rewrites, path=place.path, key=key)
    # A store alone asks for nothing, and upstream takes it so.


def _found(find: Find, store: StoreRef, rewrites: tuple[Rewrite, ...], place: _Place) -> Entry:
    name = find.name.regexp if find.name is not None else ""
    search = Search(name, tuple(sorted(find.tags.items())), find.path)
    return place.read(store, Query(How.SEARCH, search=search)), Piece(
        How.SEARCH,
        rewrites=rewrites,
        conversion=find.conversion_strategy,
        decoding=find.decoding_strategy,
        fails_on_null=find.null_byte_policy is NullBytePolicy.FAIL,
        skips_missing=place.skips_missing,
        path=place.path,
        key=name or find.path,
    )


def _extracted(
    remote: RemoteReference, store: StoreRef, rewrites: tuple[Rewrite, ...], place: _Place
) -> Entry:
    return place.read(store, _query(How.MAP, remote)), Piece(
        How.MAP,
        rewrites=rewrites,
        conversion=remote.conversion_strategy,
        decoding=remote.decoding_strategy,
        fails_on_null=remote.null_byte_policy is NullBytePolicy.FAIL,
        skips_missing=place.skips_missing,
        path=place.path,
        key=remote.key,
    )


def _single(entry: DataEntry, place: _Place) -> Entry:
    # A generator in `data` is in upstream's schema and nowhere else: the store is asked.
    store = place.store(entry.source_ref.store_ref if entry.source_ref else None)
    remote = entry.remote_ref
    return place.read(store, _query(How.VALUE, remote)), Piece(
        How.VALUE,
        secret_key=entry.secret_key,
        decoding=remote.decoding_strategy,
        fails_on_null=remote.null_byte_policy is NullBytePolicy.FAIL,
        skips_missing=place.skips_missing,
        path=place.path,
        key=remote.key,
    )


def _query(how: How, remote: RemoteReference) -> Query:
    is_metadata = remote.metadata_policy is MetadataPolicy.FETCH
    return Query(how, remote.key, remote.property, remote.version, is_metadata)


def _rewrite(rewriting: Rewriting) -> Rewrite:
    if rewriting.regexp is not None:
        return RegexpRewrite(rewriting.regexp.source, rewriting.regexp.target)
    if rewriting.transform is not None:
        return TransformRewrite(rewriting.transform.template)
    merge = rewriting.merge
    assert merge is not None  # noqa: S101 - the rules checked that there is one
    return MergeRewrite(
        into=merge.into,
        priority=merge.priority,
        strategy=merge.strategy,
        on_conflict=merge.conflict_policy,
        allows_absent=merge.priority_policy is PriorityPolicy.IGNORE_NOT_FOUND,
    )
