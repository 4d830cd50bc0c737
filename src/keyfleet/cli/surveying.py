# SPDX-License-Identifier: Apache-2.0
"""Collect how secrets stand: FleetSecrets by their status, annotated Secrets by looking."""

from fnmatch import fnmatchcase

from keyfleet.cli.declared import declared_on_hub
from keyfleet.cli.hub import Hub, installed_domain
from keyfleet.cli.options import Common
from keyfleet.cli.planning import Look, look_at
from keyfleet.cli.refs import Ref, Scope
from keyfleet.cli.standing import Standing, live_standing, rejected_standing, standing_of
from keyfleet.dialects import annotated
from keyfleet.kube.resources import SECRETS
from keyfleet.model.intent import Intent
from keyfleet.model.plan import Finding, State

ANNOTATED = "Secret"


async def survey(hub: Hub, common: Common, scope: Scope) -> list[Standing]:
    """Return how the secrets of a scope stand, by name.

    Raises:
        InvalidInputError: A named one does not exist.
    """
    declared = await declared_on_hub(hub, common.namespace)
    stored = [standing_of(document) for document in declared.documents]
    found = [each for each in stored if scope.covers(each.namespace, each.name)]
    if common.cluster:
        found = [each.within(lambda name: _is_chosen(name, common)) for each in found]
    looked_at = [each for each in declared.intents if _is_annotated(each, scope)]
    if looked_at:
        async with look_at(hub, declared, common) as look:
            found += await _look_live(look, looked_at)
    found += [
        rejected_standing(
            each.key.kind,
            each.key.namespace,
            each.key.name,
            Finding(State.FAILED, each.reason, f"{each.path}: {each.message}"),
        )
        for each in declared.rejections
        if each.key.kind == ANNOTATED and scope.covers(each.key.namespace, each.key.name)
    ]
    scope.require(Ref(each.namespace, each.name) for each in found)
    return sorted(found, key=lambda each: (each.namespace, each.name, each.kind))


async def find_annotated(hub: Hub, ref: Ref) -> bool:
    """Tell whether a Secret of the hub is a declaration by its annotations."""
    found = await hub.client.find_metadata(SECRETS, ref.name, namespace=ref.namespace)
    if found is None:
        return False
    kinds = annotated.dialect(await installed_domain(hub)).kinds
    return any(kind.wanted(found) for kind in kinds)


async def _look_live(look: Look, intents: list[Intent]) -> list[Standing]:
    keys = {each.key for each in intents}
    refs = tuple(Ref(key.namespace, key.name) for key in sorted(keys))
    plan = await look.narrowed(Scope(refs)).plan(prune=False)
    steps = [one.step for one in plan.planned]
    return [
        live_standing(each, [step for step in steps if step.intent == each.key]) for each in intents
    ]


def _is_annotated(intent: Intent, scope: Scope) -> bool:
    key = intent.key
    return key.kind == ANNOTATED and scope.covers(key.namespace, key.name)


def _is_chosen(name: str, common: Common) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in common.cluster)
