# SPDX-License-Identifier: Apache-2.0
"""What a write carries: data, labels, annotations, and the marks that say whose the target is.

Labels and annotations of others stay as they are; of ours those go that are not wanted any more.
"""

from collections.abc import Mapping
from dataclasses import replace

from keyfleet.model.data import empty_fingerprint
from keyfleet.model.desired import Actual, Content
from keyfleet.model.flows import UNKNOWN
from keyfleet.model.intent import Intent, WriteMode
from keyfleet.model.ownership import MANAGED_BY_LABEL, Claim, Marker, Marks
from keyfleet.model.places import CARRIER, SEALED_SECRET, SECRET, ClusterFacts
from keyfleet.model.plan import Write
from keyfleet.model.sealed import MEANT_ELSEWHERE, TAKEABLE, SealedForm
from keyfleet.plan.dressing import Change, dress_of, dressing
from keyfleet.plan.meeting import Meeting, first_keys
from keyfleet.plan.question import Question
from keyfleet.plan.sealing import outer, sealed_form


def whole(question: Question) -> Write:
    """Return the whole object to create where nothing is."""
    assert question.desired is not None  # noqa: S101 - narrows the type; decide() checked it
    content = question.desired.finalised(None)
    form = sealed_form(question, content, question.fingerprint)
    worn = outer(form, content) if form else content
    marks = _marks(question, worn, question.fingerprint, first_keys(question), form)
    dress = dress_of(question)
    wear = dressing(dress, None)
    return Write(
        content.type,
        content.data,
        {**worn.labels, **marks.labels},
        {**worn.annotations, **marks.annotations},
        owners=wear.owners,
        finalizers=wear.finalizers,
        is_immutable=wear.is_immutable,
        field_manager=dress.field_manager,
        sealed=form,
    )


def difference(question: Question, actual: Actual, met: Meeting) -> Write | None:
    """Return what to patch; None when the target is as wanted."""
    content, dress = met.content, dress_of(question)
    wear = _wear(question, actual)
    if met.is_same_data and not wear and _is_as_inherited(question, actual, content):
        return None
    form = sealed_form(question, content, met.fingerprint)
    worn = outer(form, content) if form else content
    marks = _marks(question, worn, met.fingerprint, met.keys, form)
    marker = question.holding.marker if question.holding.is_ours else None
    labels = _set_and_removed(
        actual.labels,
        {**worn.labels, **_besides(question, actual, marks)},
        (*(marker.labels if marker else ()), *(actual.labels if _is_replaced(question) else ())),
    )
    annotations = _set_and_removed(
        actual.annotations,
        {**worn.annotations, **marks.annotations},
        (
            *(marker.annotations if marker else ()),
            *_shed(question, actual),
            *(MEANT_ELSEWHERE if form else ()),
        ),
    )
    if met.is_same_data and not labels and not annotations and not wear:
        return None
    return Write(
        content.type,
        None if met.is_same_data else content.data,
        labels,
        annotations,
        has_labels=actual.has_labels,
        has_annotations=actual.has_annotations,
        owners=wear.owners,
        finalizers=wear.finalizers,
        is_immutable=wear.is_immutable,
        field_manager=dress.field_manager,
        sealed=form,
    )


def _is_as_inherited(question: Question, actual: Actual, content: Content) -> bool:
    """Tell whether another tool made all that is wanted: our marks are no reason to write."""
    inheritance = question.ownership.inheritance
    return (
        question.holding.claim is Claim.INHERITED
        and inheritance is not None
        and inheritance.is_quiet
        and content.labels.items() <= actual.labels.items()
        and content.annotations.items() <= actual.annotations.items()
    )


def _shed(question: Question, actual: Actual) -> tuple[str, ...]:
    inheritance = question.ownership.inheritance
    sheds = inheritance.sheds if inheritance else ()
    return (*sheds, *(actual.annotations if _is_replaced(question) else ()))


def _is_replaced(question: Question) -> bool:
    """Tell whether what another tool made has to lose all labels and annotations of before."""
    inheritance, desired = question.ownership.inheritance, question.desired
    is_whole = desired is not None and desired.write_mode is not WriteMode.MERGE
    is_inherited = question.holding.claim is Claim.INHERITED
    return is_inherited and is_whole and inheritance is not None and inheritance.replaces


def anew(question: Question, actual: Actual, met: Meeting, change: Write | None) -> Write:
    """Return the whole object to create: what others put on it comes along, but its data."""
    content, dress = met.content, dress_of(question)
    wear = _wear(question, actual)
    return Write(
        content.type,
        content.data,
        _changed(actual.labels, change.labels if change else {}),
        _changed(actual.annotations, change.annotations if change else {}),
        owners=actual.owners if wear.owners is None else wear.owners,
        finalizers=wear.finalizers,
        is_immutable=dress.is_immutable,
        field_manager=dress.field_manager,
    )


def _wear(question: Question, actual: Actual) -> Change:
    """Return what else changes; a Secret that is taken over goes no more with its SealedSecret."""
    wear = dressing(dress_of(question), actual)
    if not question.is_made_by_ours:
        return wear
    owners = actual.owners if wear.owners is None else wear.owners
    return replace(wear, owners=tuple(owner for owner in owners if owner.kind != SEALED_SECRET))


def released(question: Question, actual: Actual, marker: Marker) -> Write:
    """Return what is patched so that nobody holds the target any more."""
    marks = question.ownership.relinquish(marker, question.installation)
    # Controllers of sealed secrets leave a Secret alone that does not say that it is for them.
    is_for_heirs = question.is_succeeded and question.place.kind == SECRET
    said = {**marks.annotations, **(TAKEABLE if is_for_heirs else {})}
    return Write(
        actual.type,
        None,
        _set_and_removed(actual.labels, _besides(question, actual, marks), ()),
        _set_and_removed(actual.annotations, said, ()),
        has_labels=actual.has_labels,
        has_annotations=actual.has_annotations,
    )


def _besides(question: Question, actual: Actual, marks: Marks) -> Mapping[str, str]:
    """Return the labels that mark a target; whose object it is stays said where keys stay.

    Helm touches no object any more that says to be another's.
    """
    desired = question.desired
    is_whole = desired is not None and desired.write_mode is not WriteMode.MERGE
    if is_whole or MANAGED_BY_LABEL not in actual.labels:
        return marks.labels
    return {**marks.labels, MANAGED_BY_LABEL: actual.labels[MANAGED_BY_LABEL]}


def empties(question: Question, actual: Actual, write: Write) -> bool:
    """Tell whether a write takes the last key away from a target that has any."""
    if write.data is None or write.data:
        return False
    installation = question.installation
    empty = empty_fingerprint(installation.ring, hub=installation.hub, intent=question.key)
    return actual.fingerprint != empty


def _changed(before: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str | None]:
    after = {**before, **change}
    return {name: value for name, value in after.items() if value is not None}


def _set_and_removed(
    before: Mapping[str, str], wanted: Mapping[str, str], ours: tuple[str, ...]
) -> dict[str, str | None]:
    """Return the change of labels or annotations; of those that exist only `ours` are removed."""
    change: dict[str, str | None] = {
        name: value for name, value in wanted.items() if before.get(name) != value
    }
    for name in ours:
        if name not in wanted and name in before:
            change[name] = None
    return change


def _marks(
    question: Question,
    content: Content,
    fingerprint: str,
    keys: tuple[str, ...],
    form: SealedForm | None,
) -> Marks:
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
        fingerprint="" if is_of_this_run else fingerprint,
        inputs="" if is_of_this_run else question.made.inputs,
        metadata="" if is_of_this_run else question.made.metadata,
        labels=tuple(sorted(content.labels)),
        annotations=tuple(sorted(content.annotations)),
        keys=keys,
        certificate=form.sealing.certificate.fingerprint if form else "",
        sealed=form.print if form and not is_of_this_run else "",
        home=question.cluster.hub_namespace if question.place.kind == CARRIER else "",
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
