# SPDX-License-Identifier: Apache-2.0
"""One question in, one step out.

A target that is wanted passes the checks, then whose it is decides: nobody's is created, ours is
brought in line, another's is a conflict unless the intent says otherwise. A target that is not
wanted any more is deleted or released as its marker says, and only when the view of the fleet is
complete.
"""

from collections.abc import Mapping
from dataclasses import replace

from keyfleet.model.data import empty_fingerprint
from keyfleet.model.desired import Actual, Content
from keyfleet.model.flows import UNKNOWN
from keyfleet.model.intent import ConflictPolicy, Intent, Replace, WriteMode
from keyfleet.model.ownership import Claim, Marker, Marks
from keyfleet.model.places import ClusterFacts
from keyfleet.model.plan import Finding, State, Step, Verb, Write
from keyfleet.plan.checks import as_told_to, first_objection, intent_runs
from keyfleet.plan.question import Question

RECREATE_HINT = (
    "set spec.replace: Recreate, or delete the target by hand; it is created again at once"
)


def decide(question: Question) -> Step:
    """Return what to do about one target."""
    if question.desired is None:
        return _decide_unwanted(question)
    if finding := first_objection(question):
        return _refuse(question, finding)
    if question.actual is None:
        return _create(question)
    return _decide_existing(question, question.actual)


def _leave(question: Question, finding: Finding | None = None) -> Step:
    actual = question.actual
    marker = question.holding.marker if question.holding.belongs_to(question.key) else None
    return Step(
        question.key,
        question.place,
        Verb.NONE,
        finding,
        uid=actual.uid if actual else "",
        resource_version=actual.resource_version if actual else "",
        revision=marker.revision if marker else 0,
        fingerprint=actual.fingerprint if actual else "",
    )


def _refuse(question: Question, finding: Finding) -> Step:
    """Leave the target as it is, or take away what a rule does not even want to stay."""
    step, marker = _leave(question, finding), question.holding.marker
    is_own = question.holding.belongs_to(question.key)
    if not finding.withdraws or marker is None or not is_own or _says_nothing(question, marker):
        return step
    is_going = question.actual is not None and question.actual.is_deleting
    return step if marker.released or is_going else replace(step, verb=Verb.DELETE)


def _create(question: Question) -> Step:
    assert question.desired is not None  # noqa: S101 - narrows the type; decide() checked it
    content = question.desired.finalised(None)
    marks = _marks(question, content)
    write = Write(
        content.type,
        content.data,
        {**content.labels, **marks.labels},
        {**content.annotations, **marks.annotations},
    )
    return Step(
        question.key,
        question.place,
        Verb.CREATE,
        write=write,
        revision=question.asker.revision,
        fingerprint=question.fingerprint,
    )


def _decide_existing(question: Question, actual: Actual) -> Step:
    if actual.is_deleting:
        return _leave(question, _pending_deletion(question))
    if not _is_takeable(question):
        return _decide_foreign(question, actual)
    return _bring_in_line(question, actual)


def _is_takeable(question: Question) -> bool:
    holding = question.holding
    if holding.belongs_to(question.key):
        return True
    # Another intent's target is free to take once that intent is gone or has left the place; not
    # when it was left there on purpose, and not on the word of an unsigned marker.
    return holding.is_transferable and not question.holder_wants


def _decide_foreign(question: Question, actual: Actual) -> Step:
    assert question.intent is not None  # noqa: S101 - narrows the type: desired implies an intent
    holding = question.holding
    policy = question.intent.guard.on_conflict
    is_held = holding.is_ours and question.holder_wants
    if is_held or holding.claim is Claim.UNVERIFIED or policy is ConflictPolicy.REFUSE:
        return _leave(question, _conflict(question))
    if policy is ConflictPolicy.ADOPT and not _holds_wanted_data(question, actual):
        return _leave(
            question,
            replace(
                _conflict(question),
                reason="AdoptDiffers",
                message=f"{question.place} exists and holds other data than wanted",
                hint="make the data equal, or set spec.conflictPolicy: Overwrite",
            ),
        )
    return _bring_in_line(question, actual)


def _holds_wanted_data(question: Question, actual: Actual) -> bool:
    assert question.desired is not None  # noqa: S101 - narrows the type; decide() checked it
    return actual.type == question.desired.base.type and actual.fingerprint == question.fingerprint


def _bring_in_line(question: Question, actual: Actual) -> Step:
    assert question.desired is not None  # noqa: S101 - narrows the type; decide() checked it
    content = question.desired.finalised(actual)
    is_same_data = actual.fingerprint == question.fingerprint
    if question.desired.write_mode is WriteMode.CREATE_ONLY:
        is_same_data = True
    finding = _unchangeable(question, actual, content, is_same_data=is_same_data)
    if finding is not None and not _may_recreate(question):
        return _leave(question, finding)
    write = _difference(question, actual, content, is_same_data=is_same_data)
    if finding is not None:
        verb, write = Verb.RECREATE, _anew(actual, content, write)
    else:
        verb = Verb.UPDATE
    if write is None:
        return _leave(question)
    return Step(
        question.key,
        question.place,
        verb,
        write=write,
        uid=actual.uid,
        resource_version=actual.resource_version,
        revision=question.asker.revision,
        fingerprint=question.fingerprint,
        empties=_empties(question, actual, write),
    )


def _may_recreate(question: Question) -> bool:
    intent = question.intent
    return intent is not None and intent.guard.on_unchangeable is Replace.RECREATE


def _anew(actual: Actual, content: Content, change: Write | None) -> Write:
    """Return the whole object to create: labels and annotations of others come along."""
    return Write(
        content.type,
        content.data,
        _changed(actual.labels, change.labels if change else {}),
        _changed(actual.annotations, change.annotations if change else {}),
    )


def _changed(before: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str | None]:
    after = {**before, **change}
    return {name: value for name, value in after.items() if value is not None}


def _empties(question: Question, actual: Actual, write: Write) -> bool:
    if write.data is None or write.data:
        return False
    installation = question.installation
    empty = empty_fingerprint(installation.ring, hub=installation.hub, intent=question.key)
    return actual.fingerprint != empty


def _difference(
    question: Question, actual: Actual, content: Content, *, is_same_data: bool
) -> Write | None:
    marks = _marks(question, content)
    marker = question.holding.marker if question.holding.is_ours else None
    labels = _set_and_removed(
        actual.labels, {**content.labels, **marks.labels}, marker.labels if marker else ()
    )
    annotations = _set_and_removed(
        actual.annotations,
        {**content.annotations, **marks.annotations},
        marker.annotations if marker else (),
    )
    if is_same_data and not labels and not annotations:
        return None
    return Write(
        content.type,
        None if is_same_data else content.data,
        labels,
        annotations,
        has_labels=actual.has_labels,
        has_annotations=actual.has_annotations,
    )


def _set_and_removed(
    before: Mapping[str, str], wanted: Mapping[str, str], ours: tuple[str, ...]
) -> dict[str, str | None]:
    change: dict[str, str | None] = {
        name: value for name, value in wanted.items() if before.get(name) != value
    }
    for name in ours:
        if name not in wanted and name in before:
            change[name] = None
    return change


def _marks(question: Question, content: Content) -> Marks:
    assert question.intent is not None  # noqa: S101 - narrows the type: desired implies an intent
    asker, spot = question.asker, question.spot
    # A key of this run compares with nothing later: storing its fingerprints would only be noise.
    is_of_this_run = question.installation.ring.ephemeral
    provenance = question.lineage.under(question.policies.flows.sources)
    marker = Marker(
        hub=question.installation.hub,
        cluster_name=_called(question.intent, question.cluster),
        kind=question.key.kind,
        intent_namespace=question.key.namespace,
        intent_name=question.key.name,
        intent_cluster=question.key.cluster,
        intent_uid=asker.uid,
        cluster=spot.cluster,
        namespace=spot.namespace,
        name=spot.name,
        crd=asker.crd,
        domain=asker.domain,
        deletion_policy=question.intent.guard.on_intent_deleted,
        revision=asker.revision,
        source="" if is_of_this_run else asker.source_fingerprint,
        fingerprint="" if is_of_this_run else question.fingerprint,
        labels=tuple(sorted(content.labels)),
        annotations=tuple(sorted(content.annotations)),
        provenance=() if provenance.sets == UNKNOWN else tuple(map(dict, provenance.sets)),
        claimed=tuple(map(dict, provenance.claimed)),
    )
    return question.ownership.marks(marker, question.installation)


def _called(intent: Intent, cluster: ClusterFacts) -> str:
    # The name that the intent used: when nobody answers to that any more, such as a context or a
    # second FleetCluster that went, the cluster did not leave the placement but lost a name.
    names = intent.targets.clusters.names
    if cluster.name in names:
        return cluster.name
    return next((name for name in names if cluster.answers_to(name)), cluster.name)


def _unchangeable(
    question: Question, actual: Actual, content: Content, *, is_same_data: bool
) -> Finding | None:
    if actual.type and actual.type != content.type:
        return Finding(
            State.FAILED,
            "TypeChanged",
            f"{question.place} has type {actual.type} and {content.type} is wanted;"
            " the type of a Secret cannot be changed",
            hint=RECREATE_HINT,
            rule="type-is-fixed",
        )
    if actual.is_immutable and not is_same_data:
        return Finding(
            State.FAILED,
            "Immutable",
            f"{question.place} is immutable and holds other data than wanted",
            hint=RECREATE_HINT,
            rule="immutable-is-kept",
        )
    return None


def _conflict(question: Question) -> Finding:
    holding, marker = question.holding, question.holding.marker
    if holding.is_ours and marker is not None:
        who = f"belongs to {as_told_to(question, marker.intent)}"
    elif holding.claim is Claim.NOBODYS:
        who = "exists and was not made by Keyfleet"
    elif holding.claim is Claim.OTHER_HUB:
        who = "belongs to another Keyfleet hub"
    elif holding.claim is Claim.UNVERIFIED:
        who = "carries a marker signed under a key that is not at hand"
    else:
        who = "carries a marker that is not valid for this place"
    return Finding(
        State.CONFLICT,
        "HeldByIntent" if holding.is_ours else f"{holding.claim}",
        f"{question.place} {who}",
        hint=_way_out(question),
        rule="ownership",
    )


def _way_out(question: Question) -> str:
    holding = question.holding
    if holding.is_ours:
        return "delete one of the two declarations, or change a name or a placement"
    hub = holding.marker.hub if holding.marker else ""
    return {
        Claim.OTHER_HUB: f"if that hub is lost, `keyfleet adopt --from-hub {hub}` takes it over;"
        " else choose another name, or set spec.conflictPolicy: Overwrite",
        Claim.UNVERIFIED: "let Keyfleet read that key, or restore it; if it is lost,"
        " `keyfleet adopt --unverified` takes the target over",
        Claim.COPY: "delete it if a backup or a cloned cluster left it, or set"
        " spec.conflictPolicy: Overwrite",
    }.get(holding.claim, "set spec.conflictPolicy to Adopt or Overwrite, or choose another name")


def _pending_deletion(question: Question) -> Finding:
    return Finding(
        State.PENDING,
        "TargetTerminating",
        f"{question.place} is being deleted by somebody; it is created again once it is gone",
        hint="find who deletes it, and which finalizer keeps it",
        rule="ownership",
    )


def _decide_unwanted(question: Question) -> Step:
    marker, actual = question.holding.marker, question.actual
    if actual is None or marker is None or not question.holding.belongs_to(question.key):
        return _leave(question)
    if marker.released or actual.is_deleting or question.rival is not None:
        # A rival that wants the place takes the marker itself: nobody deletes in between.
        return _leave(question)
    if _says_nothing(question, marker):
        return _leave(question)
    if hold := intent_runs(question) or question.deletion_hold or _renamed(question, marker):
        return _leave(question, hold)
    policy = question.deletion_policy or marker.deletion_policy
    step = replace(_leave(question), verb=Verb.DELETE)
    if policy != "Delete":
        marks = question.ownership.relinquish(marker, question.installation)
        write = Write(
            actual.type,
            None,
            _set_and_removed(actual.labels, marks.labels, ()),
            _set_and_removed(actual.annotations, marks.annotations, ()),
            has_labels=actual.has_labels,
            has_annotations=actual.has_annotations,
        )
        return replace(step, verb=Verb.RELEASE, write=write)
    return step


def _says_nothing(question: Question, marker: Marker) -> bool:
    is_unsigned = question.holding.claim is Claim.UNSIGNED
    if question.intent is None:
        # `apply` from a laptop stores no intent, so its absence says nothing.
        return is_unsigned or not marker.intent_uid
    # Anybody who may write Secrets there can forge it, in the name of any intent. Only a person at
    # a command line, whose own rights count, deletes on its word.
    return is_unsigned and not question.policies.is_operator


def _renamed(question: Question, marker: Marker) -> Finding | None:
    name = marker.cluster_name
    if not name or question.cluster.answers_to(name) or name in question.accepted_names:
        return None
    return Finding(
        State.HELD,
        "ClusterRenamed",
        f"{question.place} was delivered when this cluster was called {name}; nothing is deleted",
        hint=f"`keyfleet clusters trust {question.place.cluster}` accepts the new name",
        rule="cluster-name-is-known",
    )
