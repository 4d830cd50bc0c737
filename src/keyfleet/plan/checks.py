# SPDX-License-Identifier: Apache-2.0
"""What speaks against delivering to a target: named pure checks in one list.

The first check that objects decides. A check sees the finished object and its place, never what was
asked for. Deletes are not checked here: they are bound to markers and to a complete view.
"""

from collections.abc import Callable

from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import is_system
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES
from keyfleet.plan.authority import policies_unknown
from keyfleet.plan.dressing import not_controlled_by_another
from keyfleet.plan.flows import flow_objection
from keyfleet.plan.question import Question

DATA_MAX_BYTES = 1 << 20
"""All values of a Secret together, key names not counted; the API server's own limit."""
ANNOTATIONS_MAX_BYTES = 256 << 10
"""Names and values of all annotations of an object together; the API server's own limit."""
MARKER_BYTES = 8 << 10
"""Room for the owner annotation and for what others annotate."""

Check = Callable[[Question], Finding | None]


def policies_known(question: Question) -> Finding | None:
    """Hold everything while the policies are not known: an error is not "no policy"."""
    return policies_unknown(question.policies)


def intent_runs(question: Question) -> Finding | None:
    """Write nothing for a paused intent."""
    if question.intent is None or not question.intent.rollout.paused:
        return None
    return Finding(
        State.PAUSED,
        "IntentPaused",
        "spec.paused is true",
        hint="set spec.paused to false",
        rule="intent-runs",
    )


def namespace_exists(question: Question) -> Finding | None:
    """Wait for the namespace: it is never created by an intent.

    Asked after the right to write there, else the answer would tell strangers what exists.
    """
    if question.namespace is None:
        return Finding(
            State.PENDING,
            "NamespaceMissing",
            f"namespace {question.place.namespace} does not exist in {question.place.cluster}",
            hint="create the namespace; the secret follows at once",
            rule="namespace-exists",
        )
    if question.namespace.is_terminating:
        return Finding(
            State.PENDING,
            "NamespaceTerminating",
            f"namespace {question.place.namespace} in {question.place.cluster} is being deleted",
            hint="wait, or find which finalizer keeps the namespace; make it anew if it is needed",
            rule="namespace-exists",
        )
    return None


def not_a_system_namespace(question: Question) -> Finding | None:
    """Keep out of the cluster's own namespaces, unless a policy names one."""
    name = question.place.namespace
    if not is_system(name):
        return None
    asker = NamespaceFacts(question.key.namespace)
    is_named = question.namespace is not None and question.policies.names_system_namespace(
        asker, question.cluster, question.namespace
    )
    if name != SYSTEM_NAMESPACE and (is_named or _is_at_home(question)):
        return None
    return Finding(
        State.REFUSED,
        "SystemNamespace",
        f"{name} is a system namespace and never a target",
        hint="choose another namespace, or name it in a FleetPolicy grant"
        if name != SYSTEM_NAMESPACE
        else "choose another namespace",
        rule="not-a-system-namespace",
    )


def _is_at_home(question: Question) -> bool:
    """Tell whether a manifest that counts where it was found asks for its own namespace."""
    intent = question.intent
    takes_own = intent is not None and intent.guard.takes_own_namespace
    return takes_own and question.place.namespace == question.key.namespace


def not_the_source(question: Question) -> Finding | None:
    """Never write to the Secret that is read, by identity and not by name."""
    if question.spot not in question.source_spots:
        return None
    return Finding(
        State.REFUSED,
        "TargetIsSource",
        "the target is the source itself",
        hint="exclude the source's cluster or choose another target name",
        rule="not-the-source",
    )


def not_a_special_type(question: Question) -> Finding | None:
    """Refuse types that would create authority, such as a service-account token.

    Also where such a Secret is there already: what it holds is its controller's, and an annotation
    on it can make it the token of another account.
    """
    if question.desired is None:
        return None
    if (found := question.desired.base.type) in SPECIAL_TYPES:
        message = f"Secrets of type {found} are never delivered"
        hint = "set spec.template.type to an ordinary type such as Opaque"
    elif question.actual is not None and question.actual.type in SPECIAL_TYPES:
        message = f"{question.place} has type {question.actual.type}, which is never written to"
        hint = "choose another name for the target"
    else:
        return None
    return Finding(State.REFUSED, "SpecialType", message, hint=hint, rule="not-a-special-type")


def fits_into_a_secret(question: Question) -> Finding | None:
    """Refuse what no API server takes, before anything is written anywhere."""
    if question.desired is None:
        return None
    content = question.desired.base
    data = sum(value.size for value in content.data.values())
    notes = sum(len(k.encode()) + len(v.encode()) for k, v in content.annotations.items())
    if data > DATA_MAX_BYTES:
        what, size, limit = "values", data, DATA_MAX_BYTES
    elif notes > ANNOTATIONS_MAX_BYTES - MARKER_BYTES:
        what, size, limit = "annotations", notes, ANNOTATIONS_MAX_BYTES - MARKER_BYTES
    else:
        return None
    return Finding(
        State.FAILED,
        "TooLarge",
        f"the {what} of {question.place} take {size:,} bytes and {limit:,} fit into a Secret;"
        " targets stay as they are",
        hint="deliver fewer keys with spec.data, or split the source into several Secrets"
        if what == "values"
        else "set fewer annotations in spec.template.metadata",
        rule="fits-into-a-secret",
    )


def target_is_granted(question: Question) -> Finding | None:
    """Write only to namespaces of the asking namespace's name, or where a policy grants more."""
    if question.intent is None or question.desired is None:
        return None
    asker = NamespaceFacts(question.key.namespace)
    # An absent namespace has no labels, so that a grant by label opens it only once it is there.
    target = question.namespace or NamespaceFacts(question.place.namespace)
    if question.policies.may_write(asker, question.cluster, target, question.desired.base.type):
        return None
    is_named = target.name in question.intent.targets.namespaces.names
    where = f"namespace {target.name}" if is_named else "a namespace that its placement matches"
    return Finding(
        State.REFUSED,
        "TargetNotGranted",
        f"hub namespace {question.key.namespace} may not write to {where}"
        f" in {question.place.cluster}",
        hint="add a FleetPolicy with spec.namespaces"
        f" [{{hub: [{question.key.namespace}], targets: {{clusters: …, namespaces: …}}}}]",
        rule="target-is-granted",
    )


def flow_is_allowed(question: Question) -> Finding | None:
    """Let data flow only where the FleetPolicies let it, whichever way it came.

    Asked after the right to write there, else the answer would tell strangers what is forbidden.
    """
    return flow_objection(question.lineage, question.source, question.cluster, question.policies)


def can_be_shaped(question: Question) -> Finding | None:
    """Leave a target as it is while its templates fail there."""
    return question.obstacle


def not_promised_to_another(question: Question) -> Finding | None:
    """Let the older of two intents have an unmarked target."""
    if question.rival is None or question.holding.belongs_to(question.key):
        return None
    return Finding(
        State.CONFLICT,
        "ClaimedByOlderIntent",
        f"{as_told_to(question, question.rival)} wants this target too and is older",
        hint="delete one of the two or change its placement",
        rule="not-promised-to-another",
    )


def as_told_to(question: Question, other: IntentKey) -> str:
    """Return what the asking intent's author may learn of another intent.

    Statuses and events are read by tenants: the objects of another hub namespace are not named.
    """
    if question.policies.is_operator or other.namespace == question.key.namespace:
        return str(other)
    return "an intent of another hub namespace"


CHECKS: tuple[Check, ...] = (
    policies_known,
    intent_runs,
    not_a_system_namespace,
    not_the_source,
    not_a_special_type,
    fits_into_a_secret,
    target_is_granted,
    flow_is_allowed,
    namespace_exists,
    can_be_shaped,
    not_controlled_by_another,
    not_promised_to_another,
)
"""In order; guards of later issues join this list."""


def first_objection(question: Question) -> Finding | None:
    """Return what the first objecting check found; None when the target may be delivered."""
    for check in CHECKS:
        if finding := check(question):
            return finding
    return None
