# SPDX-License-Identifier: Apache-2.0
"""Deliver FleetSecrets into a Git tree: one SealedSecret per target, and nothing to any cluster.

What guards a delivery guards this one too. What is there already in a cluster does not matter: the
tree says what shall be, and whoever follows it meets what is there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from keyfleet.base.sealing import Scope
from keyfleet.cli.exits import Exit, exit_of_states
from keyfleet.cli.notes import tell_findings
from keyfleet.cli.options import Common
from keyfleet.cli.planning import Look
from keyfleet.cli.sealing.certificates.fleet import recipients
from keyfleet.cli.sealing.certificates.service import ServiceName
from keyfleet.cli.sealing.files.plain import PlainSecret
from keyfleet.cli.sealing.options.flags import Fleet
from keyfleet.cli.sealing.several import seal_for_each
from keyfleet.engine.obstacles import cluster_paused
from keyfleet.engine.oneshot import Planned
from keyfleet.model.intent import Intent
from keyfleet.model.places import NamespaceFacts, Place
from keyfleet.model.plan import Finding
from keyfleet.plan.checks import first_objection
from keyfleet.plan.question import Question

Found = tuple[Place, Finding]


async def deliver_into(look: Look, fleet: Fleet, common: Common) -> Exit:
    """Write what is declared into a tree; return the exit code.

    Args:
        look: The fleet and what is asked of it.
        fleet: Where to write, and what becomes of files that exist.
        common: Flags.
    """
    scopes = {each.key: each.targets.sealed_as for each in look.declared.intents}
    found = await _in_clear(look).plan(prune=False)
    secrets: dict[str, list[PlainSecret]] = {}
    findings: list[Found] = []
    for one in found.planned:
        what = to_write(one, scopes.get(one.step.intent), _paused(look, one))
        if isinstance(what, Finding):
            findings.append((one.step.place, what))
        elif what is not None:
            secrets.setdefault(str(one.step.place.cluster), []).append(what)
    code = await _write(look, fleet, common, secrets)
    tell_findings(findings, common)
    return exit_of_states(finding.state for _, finding in findings) or code


def to_write(
    planned: Planned, scope: Scope | None, paused: Finding | None = None
) -> PlainSecret | Finding | None:
    """Return the Secret that a target shall become, why it may not, or None for no target; pure.

    Args:
        planned: The target, as it would be delivered in clear.
        scope: Of the SealedSecret; None: strict.
        paused: Why nothing is written for its cluster.
    """
    question = planned.question
    if question is None or question.desired is None:
        return planned.step.finding
    if objection := first_objection(_anywhere(question)) or paused:
        return objection
    content, place = question.desired.finalised(None), question.place
    return PlainSecret(
        place.name,
        place.namespace,
        content.data,
        type=content.type,
        labels=content.labels,
        annotations={**content.annotations, **(scope or Scope.STRICT).annotations()},
        subject=str(place),
    )


def _anywhere(question: Question) -> Question:
    """Return the question as if nothing were there yet."""
    namespace = question.namespace
    if namespace is None and not _looks_at_namespaces(question.intent):
        # The tree may bring it.
        namespace = NamespaceFacts(question.place.namespace, is_seen=False)
    return replace(question, actual=None, namespace=namespace)


def _looks_at_namespaces(intent: Intent | None) -> bool:
    return intent is not None and intent.shape.rendering is not None


def _in_clear(look: Look) -> Look:
    """Return the look with targets in clear: whether a cluster serves SealedSecrets is its own."""
    intents = tuple(
        replace(each, targets=replace(each.targets, sealed_as=None))
        for each in look.declared.intents
    )
    return replace(look, declared=replace(look.declared, intents=intents))


def _paused(look: Look, planned: Planned) -> Finding | None:
    snapshot = look.members.live.named(planned.step.place.cluster)
    return cluster_paused(snapshot.name) if snapshot is not None and snapshot.paused else None


async def _write(
    look: Look, fleet: Fleet, common: Common, secrets: Mapping[str, list[PlainSecret]]
) -> Exit:
    if not secrets:
        return Exit.DONE
    found = await recipients(
        look.members, common, ServiceName(look.members.live.keys.namespace), only=secrets
    )
    codes = [seal_for_each(fleet, [each], secrets[each.cluster])[1] for each in found]
    return _worst(codes)


def _worst(codes: Iterable[Exit]) -> Exit:
    bad = {code for code in codes if code is not Exit.DONE}
    if not bad:
        return Exit.DONE
    return bad.pop() if len(bad) == 1 else Exit.FAILED
