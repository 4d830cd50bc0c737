# SPDX-License-Identifier: Apache-2.0
"""`keyfleet why`."""

from collections.abc import Iterable

from keyfleet import builtin
from keyfleet.base.tasks import all_of
from keyfleet.cli.exits import Exit
from keyfleet.cli.explained import explanations_answer
from keyfleet.cli.foreign import Found, asking_kinds, counting, manifests_in, namesakes
from keyfleet.cli.held import waiting_plans
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.planning import Look, open_look
from keyfleet.cli.refs import Ref, parse_ref
from keyfleet.cli.surveying import contacts_of
from keyfleet.engine.declarations.claims import Declared as DeclaredKind
from keyfleet.engine.deletion.confirm import Ground, Grounds
from keyfleet.engine.deletion.holds import Home
from keyfleet.engine.fates import Fates
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.why import Explainer, Explanation
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State


async def why(secret: str, /, *, common: Common = NO_OPTIONS) -> Exit:
    """Explain one secret: why it is in a cluster or not, from where, and what to change.

    Any Secret of any cluster can be asked about, present or missing, declared or not, by a
    FleetSecret, an annotated Secret or another tool's manifest there. Without -c for every cluster.

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
    contacts = await contacts_of(look)
    fates = Fates(
        look.hub.client,
        installation,
        builtin.dialects(declared.domain),
        declared.crd_uids,
        await waiting_plans(look.hub),
        _grounds(contacts),
    )
    kinds = asking_kinds(declared.domain)
    on_hub = namesakes(await manifests_in(look.hub.client, kinds), ref.namespace, ref.name)
    meant = await counting(look.hub.client, kinds)

    async def explain(contact: Contact) -> list[Explanation]:
        is_hub = contact.member is not None and contact.member.facts.is_hub
        further = on_hub if is_hub else await _manifests_there(contact, meant, ref)
        said = [each.translation for each in further]
        intents = [*declared.intents, *(one for each in said for one in each.intents)]
        rejections = [*declared.rejections, *(one for each in said for one in each.rejections)]
        explainer = Explainer(installation, intents, plan.planned, rejections, fates)
        names = _target_names(intents, ref)
        return [await explainer.explain(ref.namespace, name, contact) for name in names]

    found = await all_of(map(explain, contacts), name="explain")
    return [one for each in found for one in each]


def _grounds(contacts: Iterable[Contact]) -> Grounds:
    reached = {each.snapshot.name: each.member for each in contacts}

    def ground(cluster: ClusterName, _kind: str) -> Ground | None:
        member = reached.get(cluster)
        return Ground(member.client, member.facts.uid, Home(cluster)) if member else None

    return ground


async def _manifests_there(
    contact: Contact, kinds: Iterable[DeclaredKind], ref: Ref
) -> list[Found]:
    if contact.member is None:
        return []
    client, name = contact.member.client, contact.snapshot.name
    found = await manifests_in(client, kinds, name, namespace=ref.namespace)
    return namesakes(found, ref.namespace, ref.name)


def _target_names(intents: Iterable[Intent], ref: Ref) -> list[str]:
    """Return the names to look at: the one asked for, and those its declaration gives copies."""
    own = [
        each.targets.name
        for each in intents
        if (each.key.namespace, each.key.name) == (ref.namespace, ref.name)
    ]
    return list(dict.fromkeys(own)) or [ref.name]
