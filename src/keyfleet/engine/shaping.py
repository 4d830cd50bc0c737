# SPDX-License-Identifier: Apache-2.0
"""From an intent to what its targets should hold: authority, read, shape, revision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import SystemRandom

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import (
    DeniedError,
    PermanentError,
    SecretNotFoundError,
    TemporaryError,
    TransformError,
    UnreachableError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of
from keyfleet.engine.material import Reading, fingerprint_under
from keyfleet.engine.renderer import Renderer, parsed
from keyfleet.engine.revisions import Prints
from keyfleet.kube.client import Client
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.data import SecretData
from keyfleet.model.desired import DesiredObject
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import Intent, OnMissing, Read, SecretRef
from keyfleet.model.ownership import Installation, Spot
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey, Place, TargetFacts
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies
from keyfleet.plan.authority import source_missing, source_objection
from keyfleet.plan.question import Asker
from keyfleet.plugin import Source
from keyfleet.transform.merging import merged
from keyfleet.transform.rendition import Chance
from keyfleet.transform.shape import content_of, placed

Shape = Callable[[TargetFacts], DesiredObject]

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
    source: SecretRef | None = None
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


async def shape_intent(intent: Intent, surroundings: Surroundings) -> Shaped:
    """Return what the intent's targets should hold.

    Raises:
        TemporaryError: A source could not be asked (engine: back-off; targets stay).
    """
    clusters: list[ClusterFacts] = []
    for read in intent.all_reads:
        found = _located(intent, read, surroundings)
        if isinstance(found, Finding):
            return Shaped(finding=found)
        clusters.append(found[0])
    reads = [_read(intent, read, surroundings) for read in intent.all_reads]
    answers = await all_of(reads, name="read")
    for answer in answers:
        if isinstance(answer, Shaped):
            return answer
    data = [answer for answer in answers if isinstance(answer, SecretData)]
    try:
        return await _shaped(Reading(intent, tuple(clusters), tuple(data)), surroundings)
    except TransformError as error:
        return Shaped(finding=transform_finding(error))


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


def _source(reading: Reading) -> SecretRef | None:
    """Return the Secret that the data is of, with its cluster's canonical name."""
    ref = reading.intent.reads[0].ref
    return replace(ref, cluster=reading.clusters[0].name) if isinstance(ref, SecretRef) else None


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
