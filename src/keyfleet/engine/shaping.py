# SPDX-License-Identifier: Apache-2.0
"""From an intent to what its targets should hold: authority, read, shape, revision."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from random import SystemRandom

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import (
    DeniedError,
    NotReadyError,
    PermanentError,
    SecretNotFoundError,
    TemporaryError,
    TransformError,
    UnreachableError,
    UnsealError,
)
from keyfleet.base.sealing import Keyset
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of
from keyfleet.engine.beside import ANSWERS, beside
from keyfleet.engine.material import (
    Got,
    Reading,
    fingerprint_under,
    is_quickly_read,
    reading_of,
)
from keyfleet.engine.renderer import Renderer, parsed
from keyfleet.engine.revisions import Prints
from keyfleet.engine.stores.asking import StoreReading
from keyfleet.engine.stores.findings import entry_of
from keyfleet.engine.stores.reading import Stores, Unread
from keyfleet.kube.client import Client
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.data import SecretData
from keyfleet.model.desired import DesiredObject
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import Intent, OnMissing, Read, SecretRef
from keyfleet.model.ownership import Installation, Spot
from keyfleet.model.places import (
    ClusterFacts,
    ClusterName,
    IntentKey,
    NamespaceFacts,
    Place,
    TargetFacts,
)
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies
from keyfleet.model.sealed import SealedRead
from keyfleet.model.stores import StoreRead, StoreRef
from keyfleet.plan.authority import source_missing, source_objection
from keyfleet.plan.question import Asker
from keyfleet.plugin import Source
from keyfleet.transform.merging import merged
from keyfleet.transform.rendition import Chance
from keyfleet.transform.shape import content_of, placed

Shape = Callable[[TargetFacts], DesiredObject]

SECRET_DELETED = "SecretDeleted"  # noqa: S105 - a reason
SECRET_RETAINED = "SecretRetained"  # noqa: S105
"""Reasons of findings that are no fault: what became of targets whose stores give nothing."""

_REASONS = {"transform.template": "TemplateError"}


@dataclass(frozen=True, slots=True)
class Shaped:
    """What every target of an intent should be, or why that cannot be said."""

    desired: Shape | None = None
    renderer: Renderer | None = None
    """What makes each target, where templates do; instead of `desired`."""
    fingerprint: str = ""
    """Of the data the targets should hold, where it is the same everywhere."""
    asker: Asker = field(default_factory=Asker)
    source: SecretRef | StoreRef | None = None
    source_spots: tuple[Spot, ...] = ()
    """Where everything was read that the data is made of."""
    lineage: Lineage = field(default_factory=Lineage)
    """Where the data comes from, before policies assign labels to it."""
    is_empty: bool = False
    """The targets should hold no data at all."""
    finding: Finding | None = None
    """Set instead of `desired` and `renderer`: nothing may be delivered."""
    is_source_gone: bool = False
    """The source is positively absent and the intent wants its targets deleted then."""
    is_denied: bool = False
    """The source may not be read: nothing will tell when it may be."""
    read_at: datetime | None = None
    """When this reading began, by the wall clock."""
    again_s: float | None = None
    """When to read again what a store did not give, should nobody say earlier that it is worth
    it; None: somebody will, or nothing is missing."""
    skipped: tuple[str, ...] = ()
    """Entries that were left out, since their secrets are gone."""
    is_foreign: bool = False
    """Another controller serves a store of it: nothing is done, and nothing is said."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What shaping needs to know besides the intent."""

    installation: Installation
    policies: Policies
    sources: Mapping[str, Source]
    resolve: Callable[[ClusterName], tuple[ClusterFacts, Client] | None]
    """Cluster by name (empty is the hub); None when nobody answers to it."""
    revise: Callable[[Intent, Prints], int]
    """Revision of an intent for what its source is now."""
    crd_uid: Callable[[IntentKey], str]
    """UID of the CRD of an intent's kind, empty where there is none."""
    domain: str = ""
    """Annotation domain in force."""
    facts_of: Callable[[ClusterName], ClusterFacts | None] = lambda _: None
    """What is known of a cluster that `resolve` cannot give now."""
    chance: Chance = field(default_factory=lambda: Chance(SystemClock().now, SystemRandom()))
    """The clock and the random source of templates."""
    stores: Stores | None = None
    """What reads stores; None: nothing does."""
    keys: Callable[[ClusterName], Keyset] = field(default=lambda name: _no_keys(name))  # noqa: PLW0108
    """The sealing keys of a cluster; raises NotReadyError while they are not known."""
    keys_heard: Callable[[ClusterName], Awaitable[None]] = field(default=lambda _: _at_once())
    """Waits until the keys of a cluster are known, but not for long."""
    namespace_of: Callable[[IntentKey], NamespaceFacts] = lambda key: NamespaceFacts(
        key.namespace, is_seen=False
    )
    """The namespace of a manifest, in the cluster where it was found."""


class _References:
    """Resolves cluster names for one intent, which was already found to be authorised."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def cluster(self, name: ClusterName) -> Client:
        """Return the client of a cluster.

        Raises:
            DeniedError: Nobody answers to that name; says nothing about absence of a Secret.
        """
        found = self._surroundings.resolve(name)
        if found is None:
            raise DeniedError("source.cluster_unknown", "no cluster answers to that name", name)
        return found[1]

    def keys(self, name: ClusterName) -> Keyset:
        """Return the sealing keys of a cluster.

        Raises:
            NotReadyError: They are not known yet.
        """
        return self._surroundings.keys(name)


def _no_keys(name: ClusterName) -> Keyset:
    raise NotReadyError("sealing.keys_unknown", "the sealing keys are not known", name)


async def _at_once() -> None:
    """Wait for nothing."""


async def shape_intent(intent: Intent, surroundings: Surroundings) -> Shaped:
    """Return what the intent's targets should hold.

    Raises:
        TemporaryError: A source could not be asked (engine: back-off; targets stay).
    """
    stores = surroundings.stores
    if stores is not None and stores.is_foreign(intent):
        return Shaped(is_foreign=True)
    clusters: list[ClusterFacts] = []
    for read in intent.all_reads:
        found = _located(intent, read, surroundings)
        if isinstance(found, Finding):
            return Shaped(finding=found)
        clusters.append(found[0])
    asking = StoreReading(intent, stores, surroundings.namespace_of)
    reads = [_got(asking, read, surroundings) for read in intent.all_reads]
    got = await all_of(reads, name="read")
    for one in got:
        if isinstance(one, Shaped):
            return one
    try:
        return await _put_together(asking, clusters, got, surroundings)
    except TransformError as error:
        return Shaped(finding=transform_finding(error), again_s=asking.failed(error))


async def _put_together(
    asking: StoreReading,
    clusters: list[ClusterFacts],
    got: list[Got | Shaped],
    surroundings: Surroundings,
) -> Shaped:
    intent = asking.intent
    given = [one for one in got if not isinstance(one, Shaped)]
    work = partial(reading_of, intent, clusters, given)
    reading = work() if is_quickly_read(intent, given) else await beside(ANSWERS, work)
    shaped = _emptied(reading) or await _shaped(reading, surroundings)
    asking.succeeded()
    read = zip(intent.reads, given, strict=False)
    return replace(shaped, skipped=tuple(entry_of(each) for each, one in read if one is None))


def _emptied(reading: Reading) -> Shaped | None:
    """Return what becomes of targets whose stores give nothing; None where that is delivered."""
    assembly, guard = reading.intent.shape.assembly, reading.intent.guard
    if assembly is None or not reading.is_empty:
        return None
    if guard.on_source_missing is OnMissing.DELETE:
        message = "no secret is left in the stores: the targets go"
        return Shaped(finding=Finding(State.IN_SYNC, SECRET_DELETED, message), is_source_gone=True)
    if any(piece.skips_missing for piece in assembly.pieces):
        return None
    message = "the stores give nothing: the targets stay as they are"
    return Shaped(finding=Finding(State.IN_SYNC, SECRET_RETAINED, message))


async def _got(asking: StoreReading, read: Read, surroundings: Surroundings) -> Got | Shaped:
    """Return what a read gives, or what comes of it that it gives nothing."""
    if not isinstance(read.ref, StoreRead):
        return await _read(asking.intent, read, surroundings)
    intent, piece = asking.intent, asking.piece(read)
    found = await asking.read(read)
    if not isinstance(found, Unread):
        return found
    if not isinstance(found.error, SecretNotFoundError):
        return Shaped(finding=found.finding, again_s=found.again_s)
    if piece is not None and piece.skips_missing:
        return None
    # Of several pieces one that is gone is no reason to take away the others.
    is_gone = piece is None and intent.guard.on_source_missing is OnMissing.DELETE
    return Shaped(finding=found.finding, is_source_gone=is_gone, again_s=found.again_s)


def _located(
    intent: Intent, read: Read, surroundings: Surroundings
) -> tuple[ClusterFacts, Client] | Finding:
    """Return the cluster of a source, or why the intent may not read there."""
    policies, name = surroundings.policies, read.ref.cluster
    try:
        found = surroundings.resolve(name)
    except TemporaryError:
        facts = surroundings.facts_of(name)
        if facts and (denied := source_objection(intent.key, read, facts, policies)):
            # Who may not read there does not learn either why the cluster cannot be asked.
            return denied
        raise
    if found is None:
        return source_objection(intent.key, read, None, policies) or source_missing(
            intent.key, read, policies
        )
    return source_objection(intent.key, read, found[0], policies) or found


async def _read(intent: Intent, read: Read, surroundings: Surroundings) -> SecretData | Shaped:
    """Return what a read gives, or what comes of it that it gives nothing."""
    missing = source_missing(intent.key, read, surroundings.policies)
    if isinstance(read.ref, SealedRead):
        await surroundings.keys_heard(read.ref.cluster)
    try:
        source = surroundings.sources[read.source]
        session = await source.open(_References(surroundings), intent.key)
        return await session.read(read)
    except SecretNotFoundError:
        # A template that is gone says nothing about what should become of the targets.
        is_source = read in intent.reads
        is_gone = is_source and intent.guard.on_source_missing is OnMissing.DELETE
        return Shaped(finding=missing, is_source_gone=is_gone)
    except DeniedError:
        return Shaped(finding=missing, is_denied=True)
    except UnsealError as error:
        return Shaped(finding=Finding(State.FAILED, "UnsealFailed", error.message, error.hint))
    except PermanentError as error:
        if error.code == NOT_SERVED:
            # Every API server serves Secrets: something else answered in its place for a while.
            raise UnreachableError(error.code, error.message, str(read.ref)) from None
        return Shaped(finding=Finding(State.FAILED, "SourceFailed", error.message, error.hint))


async def _shaped(reading: Reading, surroundings: Surroundings) -> Shaped:
    intent, installation = reading.intent, surroundings.installation
    if intent.shape.rendering is not None:
        rendition = await parsed(intent.shape, intent.shape.rendering, reading.material)
        shaped = _told(reading, surroundings, rendition.wording())
        renderer = Renderer(intent.key, rendition, installation, surroundings.chance)
        empty = fingerprint_under(installation, intent.key, {})
        return replace(shaped, renderer=renderer, fingerprint=empty, is_empty=rendition.is_empty)
    content = content_of(intent.shape, merged(reading.material.sources))

    def desired(facts: TargetFacts) -> DesiredObject:
        return placed(content, intent.shape, facts, name=intent.targets.name)

    return replace(
        _told(reading, surroundings, {}),
        desired=desired,
        fingerprint=fingerprint_under(installation, intent.key, content.data),
        is_empty=not content.data,
    )


def _told(
    reading: Reading, surroundings: Surroundings, wording: Mapping[str, SecretValue]
) -> Shaped:
    """Return what is the same of every target: who asks, and where the data comes from."""
    intent, installation = reading.intent, surroundings.installation
    prints = reading.prints(installation, wording)
    return Shaped(
        asker=Asker(
            uid=intent.origin.uid,
            crd=surroundings.crd_uid(intent.key),
            domain=surroundings.domain if intent.key.kind == "Secret" else "",
            revision=surroundings.revise(intent, prints),
            source_fingerprint=prints[0],
        ),
        source=_source(reading),
        source_spots=reading.spots,
        lineage=reading.lineage(installation),
    )


def _source(reading: Reading) -> SecretRef | StoreRef:
    """Return the Secret or store that the data is of, with its cluster's canonical name."""
    return replace(reading.intent.reads[0].subject, cluster=reading.clusters[0].name)


def transform_finding(error: TransformError) -> Finding:
    """Return why a target cannot be shaped."""
    reason = _REASONS.get(error.code) or error.code.rpartition(".")[2].title().replace("_", "")
    return Finding(
        State.FAILED,
        reason,
        str(error),
        hint=error.hint,
        rule="transform",
        excerpt=error.excerpt,
    )


def place_of(intent: Intent, cluster: ClusterFacts, namespace: str) -> Place:
    """Return where the intent's target in a namespace is."""
    return Place(cluster.name, namespace, intent.targets.name)
