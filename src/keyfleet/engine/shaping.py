# SPDX-License-Identifier: Apache-2.0
"""From an intent to what its targets should hold: authority, read, shape, revision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from keyfleet.base.errors import (
    DeniedError,
    PermanentError,
    SecretNotFoundError,
    TemporaryError,
    TransformError,
    UnreachableError,
)
from keyfleet.engine.revisions import Prints
from keyfleet.kube.client import Client
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.data import SecretData, fingerprint
from keyfleet.model.desired import DesiredObject
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import Intent, OnMissing, SecretRef
from keyfleet.model.ownership import Installation, Spot, spot_in
from keyfleet.model.places import ClusterFacts, ClusterName, Place, TargetFacts
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies
from keyfleet.plan.authority import source_missing, source_objection
from keyfleet.plan.flows import carried
from keyfleet.plan.question import Asker
from keyfleet.plugin import Source
from keyfleet.transform.shape import content_of, placed

Shape = Callable[[TargetFacts], DesiredObject]


@dataclass(frozen=True, slots=True)
class Shaped:
    """What every target of an intent should be, or why that cannot be said."""

    desired: Shape | None = None
    fingerprint: str = ""
    """Of the data the targets should hold."""
    asker: Asker = field(default_factory=Asker)
    source: SecretRef | None = None
    source_spot: Spot | None = None
    lineage: Lineage = field(default_factory=Lineage)
    """Where the data comes from, before policies assign labels to it."""
    is_empty: bool = False
    """The targets should hold no data at all."""
    finding: Finding | None = None
    """Set instead of `desired`: nothing may be delivered."""
    is_source_gone: bool = False
    """The source is positively absent and the intent wants its targets deleted then."""
    is_denied: bool = False
    """The source may not be read: nothing will tell when it may be."""


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
    crd_uid: Callable[[str], str]
    """UID of the CRD of an intent kind, empty where there is none."""
    domain: str = ""
    """Annotation domain in force."""
    facts_of: Callable[[ClusterName], ClusterFacts | None] = lambda _: None
    """What is known of a cluster that `resolve` cannot give now."""


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
        TemporaryError: The source could not be asked (engine: back-off; targets stay).
    """
    ref = intent.reads[0].ref
    found = _located(intent, ref, surroundings)
    if isinstance(found, Finding):
        return Shaped(finding=found)
    try:
        data = await _read(intent, surroundings)
        return _shaped(intent, data, found[0], surroundings)
    except SecretNotFoundError:
        return Shaped(
            finding=source_missing(intent.key, ref, surroundings.policies),
            is_source_gone=intent.guard.on_source_missing is OnMissing.DELETE,
        )
    except TransformError as error:
        return Shaped(finding=_transform_finding(error))
    except DeniedError:
        return Shaped(
            finding=source_missing(intent.key, ref, surroundings.policies), is_denied=True
        )
    except PermanentError as error:
        if error.code == NOT_SERVED:
            # Every API server serves Secrets: something else answered in its place for a while.
            raise UnreachableError(error.code, error.message, str(ref)) from None
        return Shaped(finding=Finding(State.FAILED, "SourceFailed", error.message, error.hint))


def _located(
    intent: Intent, ref: SecretRef, surroundings: Surroundings
) -> tuple[ClusterFacts, Client] | Finding:
    """Return the cluster of a source, or why the intent may not read there."""
    policies = surroundings.policies
    try:
        found = surroundings.resolve(ref.cluster)
    except TemporaryError:
        facts = surroundings.facts_of(ref.cluster)
        if facts and (denied := source_objection(intent.key, ref, facts, policies)):
            # Who may not read there does not learn either why the cluster cannot be asked.
            return denied
        raise
    if found is None:
        return source_objection(intent.key, ref, None, policies) or source_missing(
            intent.key, ref, surroundings.policies
        )
    return source_objection(intent.key, ref, found[0], policies) or found


async def _read(intent: Intent, surroundings: Surroundings) -> SecretData:
    read = intent.reads[0]
    source = surroundings.sources[read.source]
    session = await source.open(_References(surroundings), intent.key)
    return await session.read(read)


def _shaped(
    intent: Intent, data: SecretData, cluster: ClusterFacts, surroundings: Surroundings
) -> Shaped:
    content = content_of(intent.shape, data)
    ring, hub = surroundings.installation.ring, surroundings.installation.hub
    entries = data.entries()
    prints = tuple(
        fingerprint(ring, hub=hub, intent=intent.key, data=entries, key_id=key_id)
        for key_id in ring.keys
    )
    ref = intent.reads[0].ref
    spot = spot_in(cluster, ref.namespace, ref.name)
    asker = Asker(
        uid=intent.origin.uid,
        crd=surroundings.crd_uid(intent.key.kind),
        domain=surroundings.domain if intent.key.kind == "Secret" else "",
        revision=surroundings.revise(intent, prints),
        source_fingerprint=prints[0],
    )

    def desired(facts: TargetFacts) -> DesiredObject:
        return placed(content, intent.shape, facts, name=intent.targets.name)

    return Shaped(
        desired=desired,
        fingerprint=fingerprint(ring, hub=hub, intent=intent.key, data=content.data),
        is_empty=not content.data,
        asker=asker,
        source=replace(ref, cluster=cluster.name),
        source_spot=spot,
        lineage=Lineage(
            cluster, ref.namespace, carried(data, spot, surroundings.installation), intent.labels
        ),
    )


def _transform_finding(error: TransformError) -> Finding:
    reason = error.code.rpartition(".")[2].title().replace("_", "")
    return Finding(State.FAILED, reason, str(error), hint=error.hint, rule="transform")


def place_of(intent: Intent, cluster: ClusterFacts, namespace: str) -> Place:
    """Return where the intent's target in a namespace is."""
    return Place(cluster.name, namespace, intent.targets.name)
