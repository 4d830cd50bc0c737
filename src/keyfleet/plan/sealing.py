# SPDX-License-Identifier: Apache-2.0
"""Targets that are delivered sealed: what they are sealed with, and whether they still are.

Sealing the same values twice gives two texts, so live and wanted ones cannot be compared. A target
is as wanted while its marker names the values and the form of now, and the stamp beside it verifies
for the very spec that is there.
"""

from datetime import datetime

from keyfleet.base.codec import encode_canonical
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingCertificate, load_certificate
from keyfleet.model.carriers import SEALED_FOR, carrier_labels
from keyfleet.model.desired import Content
from keyfleet.model.places import ClusterFacts, Place
from keyfleet.model.plan import Finding, State
from keyfleet.model.sealed import SealedForm
from keyfleet.plan.question import Question

KIND_MISSING = "SealedSecretsNotServed"
CERTIFICATE_MISSING = "SealingCertificateMissing"
CERTIFICATE_EXPIRED = "SealingCertificateExpired"
CERTIFICATE_INVALID = "SealingCertificateInvalid"
HUB_NAMESPACE_MISSING = "HubNamespaceMissing"
AGENT_ONLY = "AgentOnly"


def sealed_form(question: Question, content: Content, fingerprint: str) -> SealedForm | None:
    """Return how a target is sealed; None where it is delivered as it is.

    Args:
        question: Of which target.
        content: What the Secret in it shall be.
        fingerprint: Of its data.
    """
    sealing = question.sealing
    if sealing is None:
        return None
    looks = (content.type, dict(content.labels), dict(content.annotations))
    ring, place = sealing.ring, question.place
    said = (question.installation.hub, str(question.key), sealing.scope.value)
    print_ = ring.digest((encode_canonical([*said, sealing.certificate.fingerprint, *looks]),))
    return SealedForm(sealing, place.namespace, place.name, *looks, fingerprint, print_)


def is_sealed_so(question: Question, content: Content) -> bool:
    """Tell whether a live target is sealed as it would be now, where it is sealed at all."""
    form, marker = sealed_form(question, content, ""), question.holding.marker
    return form is None or (marker is not None and marker.sealed == form.print)


def outer(form: SealedForm, content: Content) -> Content:
    """Return the content with what the SealedSecret itself wears, instead of its Secret."""
    annotations, carrier = form.sealing.scope.annotations(), form.sealing.carrier
    if carrier is None:
        return Content(content.type, content.data, {}, annotations)
    return Content(
        content.type, content.data, carrier_labels(carrier[SEALED_FOR]), {**annotations, **carrier}
    )


def declared_certificate(facts: ClusterFacts) -> SealingCertificate | Finding | None:
    """Return the certificate that a cluster's declaration says; None where it says none."""
    if not facts.sealing_certificate:
        return None
    try:
        return load_certificate(facts.sealing_certificate.encode(), f"FleetCluster {facts.name}")
    except InvalidInputError as error:
        return Finding(
            State.FAILED,
            CERTIFICATE_INVALID,
            f"spec.sealing.certificate of FleetCluster {facts.name}: {error.message}",
            hint=error.hint,
            rule="sealing",
        )


def expired(facts: ClusterFacts, certificate: SealingCertificate, now: datetime) -> Finding | None:
    """Return why a certificate is not sealed with any more."""
    if not certificate.is_expired(now):
        return None
    return Finding(
        State.HELD,
        CERTIFICATE_EXPIRED,
        f"the sealing certificate of {facts.name} ended on {certificate.not_after:%Y-%m-%d}",
        hint="let its controller make a new key, or correct spec.sealing.certificate of the"
        " FleetCluster",
        rule="sealing",
    )


def certificate_missing(facts: ClusterFacts, why: str) -> Finding:
    """Return that nobody knows what to seal with."""
    return Finding(
        State.PENDING,
        CERTIFICATE_MISSING,
        f"what to seal with for {facts.name} is not known: {why}",
        hint="let a controller of sealed secrets make a key there, or write its certificate into"
        f" spec.sealing.certificate of FleetCluster {facts.name}",
        rule="sealing",
    )


def not_served(place: Place) -> Finding:
    """Return that the cluster serves no SealedSecrets."""
    return Finding(
        State.PENDING,
        KIND_MISSING,
        f"cluster {place.cluster} serves no SealedSecrets",
        hint="install a controller of sealed secrets there, or deliver a Secret: leave"
        " spec.delivery out",
        rule="sealing",
    )


def nowhere_on_hub(facts: ClusterFacts, namespace: str = "") -> Finding:
    """Return that nothing can lie on the hub for a cluster.

    Args:
        facts: The cluster.
        namespace: The one that is not there; empty: its FleetCluster says none.
    """
    if namespace:
        said = f"namespace {namespace} of the hub, where {facts.name} takes its own, does not exist"
        hint = f"create it, and let {facts.name} read SealedSecrets in it and nowhere else"
    else:
        said = f"no namespace of the hub is said where {facts.name} takes its own"
        hint = f"write it into spec.sealing.hubNamespace of FleetCluster {facts.name}"
    return Finding(State.PENDING, HUB_NAMESPACE_MISSING, said, hint=hint, rule="sealing")


def agent_only(name: str) -> Finding:
    """Return that nobody connects to a cluster."""
    return Finding(
        State.PENDING,
        AGENT_ONLY,
        f"cluster {name} is declared with agent: true: nobody connects to it",
        hint="deliver with spec.delivery {kind: SealedSecret, via: Hub}, or say in its FleetCluster"
        " how to reach it",
        rule="sealing",
    )
