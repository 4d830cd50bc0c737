# SPDX-License-Identifier: Apache-2.0
"""`keyfleet why`."""

from keyfleet import builtin
from keyfleet.base.tasks import all_of
from keyfleet.cli.exits import Exit
from keyfleet.cli.explained import explanations_answer
from keyfleet.cli.held import waiting_plans
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.planning import Look, open_look
from keyfleet.cli.refs import Ref, parse_ref
from keyfleet.engine.fates import Fates
from keyfleet.engine.why import Explainer, Explanation
from keyfleet.model.plan import State


async def why(secret: str, /, *, common: Common = NO_OPTIONS) -> Exit:
    """Explain one secret: why it is in a cluster or not, from where, and what to change.

    Any Secret of any cluster can be asked about, present or missing, declared or not. Without -c
    for every cluster.

    Args:
        secret: NAMESPACE/NAME, as it is called in the cluster, or as it is declared on the hub.
    """
    ref = parse_ref(secret, common.namespace)
    async with open_look(common) as look:
        found = await _explain(look, ref)
    show(explanations_answer(found, ref), common)
    is_away = any(each.finding and each.finding.state is State.UNREACHABLE for each in found)
    return Exit.FAILED if is_away else Exit.DONE


async def _explain(look: Look, ref: Ref) -> list[Explanation]:
    near = look.about(ref)
    plan = await near.plan(prune=False)
    declared = near.declared
    installation = look.members.live.installation
    fates = Fates(
        look.hub.client,
        installation,
        builtin.dialects(declared.domain),
        declared.crd_uids,
        await waiting_plans(look.hub),
    )
    explainer = Explainer(installation, declared.intents, plan.planned, declared.rejections, fates)
    names = [
        facts.name
        for facts in look.members.live.facts()
        if look.clusters is None or facts.name in look.clusters
    ]
    contacts = await look.members.contact(names)
    places = [
        explainer.explain(ref.namespace, name, contact)
        for contact in contacts
        for name in _target_names(near, ref)
    ]
    return await all_of(places, name="explain")


def _target_names(look: Look, ref: Ref) -> list[str]:
    """Return the names to look at: the one asked for, and those its declaration gives copies."""
    own = [
        each.targets.name
        for each in look.declared.intents
        if (each.key.namespace, each.key.name) == (ref.namespace, ref.name)
    ]
    return list(dict.fromkeys(own)) or [ref.name]
