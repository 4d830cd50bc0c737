# SPDX-License-Identifier: Apache-2.0
"""An explanation for people and programs; pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from keyfleet.cli.output import Answer
from keyfleet.cli.planned import finding_document, told_kind
from keyfleet.cli.refs import Ref
from keyfleet.engine.why import Candidate, Considered, Explanation
from keyfleet.model.ownership import Claim
from keyfleet.model.plan import Step

_CLAIMS = {
    Claim.NOBODYS: "not delivered by Keyfleet",
    Claim.OURS: "delivered by Keyfleet",
    Claim.UNSIGNED: "delivered by Keyfleet from a laptop, without the installation's key",
    Claim.UNVERIFIED: "marked as Keyfleet's, under a key that is not at hand",
    Claim.OTHER_HUB: "delivered by Keyfleet for another hub",
    Claim.COPY: "carries a marker of Keyfleet that is not its own: a copy, or changed by hand",
}


def explanations_answer(found: Sequence[Explanation], ref: Ref) -> Answer:
    """Return what was found about one secret in every format."""
    lines = [line for each in found for line in (*_lines(each), "")]
    return Answer(
        columns=(),
        rows=(),
        document={"secret": str(ref), "clusters": [_document(each) for each in found]},
        names=[str(each.place) for each in found if each.exists],
        text=lines[:-1] or ["no cluster is known"],
    )


def _lines(found: Explanation) -> Iterator[str]:
    place = found.place
    yield f"{place.namespace}/{place.name} in {place.cluster}"
    if found.finding is not None:
        yield f"  Cannot be looked at: {found.finding.message} ({found.finding.reason})"
        if found.finding.hint:
            yield f"  Hint: {found.finding.hint}"
        return
    yield f"  {_presence(found)}"
    if not found.candidates:
        yield "  Nothing on the hub declares it."
    if found.fate:
        yield f"  Its fate: {found.fate}."
    for candidate in found.candidates:
        yield from (f"  {line}" for line in _candidate_lines(candidate))
        if found.exists and found.holding.is_ours and candidate.is_failing:
            yield "    What was delivered stays as it is."


def _presence(found: Explanation) -> str:
    if not found.exists:
        return "It is not there."
    marker = found.holding.marker
    text = f"It is there, type {found.type}: {_CLAIMS[found.holding.claim]}"
    if marker is None:
        return f"{text}."
    name = _name(marker.kind, marker.intent_namespace, marker.intent_name, marker.intent_cluster)
    return f"{text}, for {name}" + (f", revision {marker.revision}." if marker.revision else ".")


def _name(kind: str, namespace: str, name: str, cluster: str) -> str:
    return f"{kind} {namespace}/{name}" + (f" in {cluster}" if cluster else "")


def _candidate_lines(candidate: Candidate) -> Iterator[str]:
    key = candidate.intent
    name = _name(key.kind, key.namespace, key.name, key.cluster)
    if candidate.rejection is not None:
        problem = candidate.rejection
        yield f"{name} is not understood: {problem.path}: {problem.message} ({problem.reason})"
        yield from problem.excerpt
        if problem.hint:
            yield f"Hint: {problem.hint}"
        return
    yield f"{name}, source {candidate.source}, {_verdict(candidate)}"
    yield from (f"  {_mark(rule)} {rule.rule}: {rule.detail}" for rule in candidate.considered)
    if candidate.step is not None:
        yield from (f"  {line}" for line in _step_lines(candidate.step))
    if candidate.said is not None and not candidate.is_said_anyway:
        said = candidate.said
        yield f"  Its status says {said.reason or said.state}: {_one_line(said.message)}"


def _verdict(candidate: Candidate) -> str:
    if not candidate.wants:
        return "does not want it here:"
    kind = told_kind(candidate.step.place) if candidate.step is not None else ""
    return f"wants it here{kind}:"


def _mark(rule: Considered) -> str:
    return "yes" if rule.holds else "no "


def _step_lines(step: Step) -> Iterator[str]:
    if step.finding is not None:
        yield f"{step.finding.state}, {step.finding.reason}: {_one_line(step.finding.message)}"
        yield from step.finding.excerpt
        if step.finding.rule:
            yield f"Rule: {step.finding.rule}"
        if step.finding.hint:
            yield f"Hint: {step.finding.hint}"
    elif step.writes:
        yield f"The next delivery would {step.verb.value} it."
    else:
        yield f"It is as wanted, revision {step.revision}."


def _one_line(text: str) -> str:
    # Upstream of SealedSecrets says each of several causes in a line of its own.
    return "; ".join(text.splitlines())


def _document(found: Explanation) -> dict[str, Any]:
    place, marker = found.place, found.holding.marker
    document: dict[str, Any] = {
        "cluster": place.cluster,
        "namespace": place.namespace,
        "name": place.name,
        "exists": found.exists,
        "type": found.type,
        "claim": found.holding.claim.value if found.exists else "",
        "asWanted": found.is_as_wanted,
        "fate": found.fate,
        **finding_document(found.finding),
        "candidates": [_candidate_document(each) for each in found.candidates],
    }
    if marker is not None:
        document["owner"] = {
            "kind": marker.kind,
            "namespace": marker.intent_namespace,
            "name": marker.intent_name,
            "revision": marker.revision,
            **({"cluster": marker.intent_cluster} if marker.intent_cluster else {}),
        }
    return {name: value for name, value in document.items() if value != ""}


def _candidate_document(candidate: Candidate) -> dict[str, Any]:
    key = candidate.intent
    document: dict[str, Any] = {
        "intent": {
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            **({"cluster": key.cluster} if key.cluster else {}),
        },
        "source": candidate.source,
        "wants": candidate.wants,
        "considered": [
            {"rule": rule.rule, "holds": rule.holds, "detail": rule.detail}
            for rule in candidate.considered
        ],
    }
    if candidate.rejection is not None:
        problem = candidate.rejection
        document |= {
            "reason": problem.reason,
            "message": problem.message,
            "path": problem.path,
            "hint": problem.hint,
            **({"excerpt": list(problem.excerpt)} if problem.excerpt else {}),
        }
    if candidate.step is not None:
        document |= {
            "action": candidate.step.verb.value,
            **finding_document(candidate.step.finding),
        }
    if candidate.said is not None:
        document["status"] = finding_document(candidate.said)
    return document
