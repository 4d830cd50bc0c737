# SPDX-License-Identifier: Apache-2.0
"""Which targets of a lost hub, or of a lost key, may be taken over; pure.

What decides is the plan: a target is taken over where a declaration of this hub wants that very
place and every rule lets it. Only its marks are written. One that nothing declares here is left as
it is, because a controller would take it for the remains of a declaration that is gone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keyfleet.cli.output import Answer
from keyfleet.cli.planned import finding_document, target_name
from keyfleet.cli.tables import Column
from keyfleet.engine.markedlist import Marked
from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import MARKED, Claim, Installation, Marker, read_marker, spot_in
from keyfleet.model.places import ClusterFacts, IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb

Steps = Mapping[tuple[IntentKey, Place], Step]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One target that might be taken over."""

    place: Place
    marker: Marker
    step: Step | None = None
    """What writes the marks; None: nothing to write."""
    finding: Finding | None = None
    """Why it is not, or was not, taken over."""
    differs: bool = False
    """It holds other data than declared; the controller brings it in line."""
    is_done: bool = False

    @property
    def result(self) -> str:
        """The word for a person."""
        if self.is_done:
            return "adopted"
        return self.finding.state.value if self.finding else "adopt"


def candidates(
    cluster: ClusterFacts, marked: Iterable[Marked], steps: Steps, us: Installation
) -> list[Candidate]:
    """Return what is to be said of each target in question in one cluster.

    Args:
        cluster: Where.
        marked: What has the label of the hub in question there.
        steps: What would be done about each declared target.
        us: This hub, adopting.
    """
    found = []
    for each in marked:
        marker = read_marker(each.metadata.annotations or {})
        if marker is not None and _is_in_question(each.metadata, cluster, us):
            found.append(_candidate(each, marker, cluster, steps, us))
    return found


def _is_in_question(metadata: Metadata, cluster: ClusterFacts, us: Installation) -> bool:
    spot = spot_in(cluster, metadata.namespace, metadata.name)
    before = MARKED.claims(metadata.annotations or {}, spot, replace(us, adopts=frozenset()))
    if before.marker is None or before.marker.hub not in us.adopts:
        return False
    return before.claim in (Claim.OTHER_HUB, Claim.UNVERIFIED)


def _candidate(
    marked: Marked, marker: Marker, cluster: ClusterFacts, steps: Steps, us: Installation
) -> Candidate:
    metadata = marked.metadata
    place = Place(cluster.name, metadata.namespace, metadata.name, marked.kind)
    spot = spot_in(cluster, metadata.namespace, metadata.name)
    if not MARKED.claims(metadata.annotations or {}, spot, us).is_ours:
        return Candidate(place, marker, finding=_copied(place))
    step = steps.get((marker.intent, place))
    if step is None:
        return Candidate(place, marker, finding=_undeclared(place, marker))
    if step.finding is not None or step.write is None or step.verb is not Verb.UPDATE:
        return Candidate(place, marker, finding=step.finding)
    only_marks = replace(step, write=replace(step.write, data=None))
    return Candidate(place, marker, only_marks, differs=step.write.data is not None)


def _copied(place: Place) -> Finding:
    return Finding(
        State.CONFLICT,
        "CopiedMarker",
        f"{place} carries a marker that is not valid for this place",
        hint="it is a copy, or was changed by hand: delete it, or set spec.conflictPolicy",
        rule="ownership",
    )


def _undeclared(place: Place, marker: Marker) -> Finding:
    return Finding(
        State.PENDING,
        "NotDeclared",
        f"nothing on this hub wants {place} as {marker.intent}; it is left as it is",
        hint="apply its declaration here, then adopt again; or delete the Secret by hand",
        rule="adopt-what-is-declared",
    )


_COLUMNS = (
    Column("TARGET"),
    Column("SECRET"),
    Column("RESULT"),
    Column("REASON"),
    Column("MESSAGE", is_wide=True),
)


def adoption_answer(found: Sequence[Candidate]) -> Answer:
    """Return what was or would be taken over in every format."""
    counts = Counter(each.result for each in found)
    return Answer(
        columns=_COLUMNS,
        rows=[_row(each) for each in found],
        document={
            "targets": [_document(each) for each in found],
            "summary": dict(sorted(counts.items())),
        },
        names=[target_name(each.place) for each in found if each.step is not None],
        summary=", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        or "no such target was found",
    )


def _row(each: Candidate) -> tuple[str, ...]:
    key, finding = each.marker.intent, each.finding
    reason, message = (finding.reason, finding.message) if finding else ("", "")
    if each.differs:
        message = "it holds other data than declared; the controller brings it in line"
    return (target_name(each.place), f"{key.namespace}/{key.name}", each.result, reason, message)


def _document(each: Candidate) -> dict[str, Any]:
    key = each.marker.intent
    return {
        "cluster": each.place.cluster,
        "namespace": each.place.namespace,
        "name": each.place.name,
        "intent": {"kind": key.kind, "namespace": key.namespace, "name": key.name},
        "hub": each.marker.hub,
        "revision": each.marker.revision,
        "result": each.result,
        "differs": each.differs,
        **finding_document(each.finding),
    }


@dataclass(frozen=True, slots=True)
class Foreign:
    """Targets in one cluster that this hub does not serve though Keyfleet wrote them."""

    cluster: str
    hub: str
    claim: Claim
    count: int


def foreign(cluster: ClusterFacts, marked: Iterable[Marked], us: Installation) -> list[Foreign]:
    """Return whose targets there are in a cluster besides ours.

    Args:
        cluster: Where.
        marked: What says there that it is managed by Keyfleet.
        us: This hub.
    """
    counts: Counter[tuple[str, Claim]] = Counter()
    for metadata in (each.metadata for each in marked):
        spot = spot_in(cluster, metadata.namespace, metadata.name)
        holding = MARKED.claims(metadata.annotations or {}, spot, us)
        if holding.marker is not None and not holding.is_ours:
            counts[holding.marker.hub, holding.claim] += 1
    return [
        Foreign(cluster.name, hub, claim, count) for (hub, claim), count in sorted(counts.items())
    ]


def foreign_answer(found: Sequence[Foreign]) -> Answer:
    """Return what there is to take over in every format."""
    return Answer(
        columns=tuple(map(Column, ("CLUSTER", "HUB", "CLAIM", "TARGETS"))),
        rows=[(each.cluster, each.hub, each.claim.value, str(each.count)) for each in found],
        document={
            "items": [
                {
                    "cluster": each.cluster,
                    "hub": each.hub,
                    "claim": each.claim.value,
                    "targets": each.count,
                }
                for each in found
            ]
        },
        names=sorted({each.hub for each in found}),
        summary="" if found else "every target of Keyfleet in these clusters is this hub's",
    )
