# SPDX-License-Identifier: Apache-2.0
"""`keyfleet why`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

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
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.surveying import contacts_of, standing_of_found
from keyfleet.engine.declarations.claims import Declared as DeclaredKind
from keyfleet.engine.deletion.confirm import Ground, Grounds
from keyfleet.engine.deletion.holds import Home
from keyfleet.engine.fates import Fates
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.oneshot import Planned
from keyfleet.engine.why import Explainer, Explanation
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, State, Verb
from keyfleet.model.sealed import SealedRead


async def why(
    secret: str,
    /,
    *,
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Explain one secret: why it is in a cluster or not, from where, and what to change.

    Any Secret of any cluster can be asked about, present or missing, declared or not, by a
    FleetSecret, an annotated Secret or another tool's manifest there. Without -c for every cluster.

    Args:
        secret: NAMESPACE/NAME, as it is called in the cluster, or as it is declared on the hub.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    ref = parse_ref(secret, common.namespace)
    async with open_look(common, key_namespace=key_namespace) as look:
        found = await _explain(look, ref)
    show(explanations_answer(found, ref), common)
    is_away = any(each.finding and each.finding.state is State.UNREACHABLE for each in found)
    return Exit.FAILED if is_away else Exit.DONE


async def _explain(look: Look, ref: Ref) -> list[Explanation]:
    near = look.about(ref)
    declared = near.declared
    contacts = await contacts_of(look)
    further = await _further(near, contacts, ref)
    planned = await _planned(near, [each for there in further for each in there])
    installation = look.members.live.installation
    fates = Fates(
        look.hub.client,
        installation,
        builtin.dialects(declared.domain),
        declared.crd_uids,
        await waiting_plans(look.hub),
        _grounds(contacts),
    )

    async def explain(contact: Contact, there: Sequence[Found]) -> list[Explanation]:
        said = [each.translation for each in there]
        intents = [*declared.intents, *(one for each in said for one in each.intents)]
        rejections = [*declared.rejections, *(one for each in said for one in each.rejections)]
        explainer = Explainer(installation, intents, planned, rejections, fates, _unwell(there))
        names = _target_names(intents, ref)
        return [await explainer.explain(ref.namespace, name, contact) for name in names]

    found = await all_of(map(explain, contacts, further), name="explain")
    return [one for each in found for one in each]


async def _further(look: Look, contacts: Iterable[Contact], ref: Ref) -> list[list[Found]]:
    """Return the other tools' manifests of this name, for each cluster."""
    kinds = asking_kinds(look.declared.domain)
    on_hub = namesakes(await manifests_in(look.hub.client, kinds), ref.namespace, ref.name)
    meant = await counting(look.hub.client, kinds)

    async def there(contact: Contact) -> list[Found]:
        if contact.member is not None and contact.member.facts.is_hub:
            return on_hub
        return await _manifests_there(contact, meant, ref)

    return await all_of(map(there, contacts), name="further")


async def _planned(look: Look, further: Iterable[Found]) -> list[Planned]:
    """Return what would be done, of other tools' manifests where no store is to be asked for it."""
    intents = (intent for each in further for intent in each.translation.intents)
    sealed = {each.key: each for each in intents if _is_sealed(each)}
    kept = (*look.declared.intents, *sealed.values())
    plan = await replace(look, declared=replace(look.declared, intents=kept)).plan(prune=False)
    # What their controller would only sign anew is nothing to tell.
    return [
        one
        for one in plan.planned
        if one.step.intent not in sealed or one.step.finding or one.step.verb is Verb.CREATE
    ]


def _is_sealed(intent: Intent) -> bool:
    return all(isinstance(read.ref, SealedRead) for read in intent.all_reads)


def _unwell(further: Iterable[Found]) -> dict[IntentKey, Finding]:
    """Return what the manifests' statuses say where that is not well."""
    said = ((each, standing_of_found(each)) for each in further)
    return {
        intent.key: Finding(
            State.FAILED if standing.ready == "False" else State.PENDING,
            standing.reason,
            standing.message,
        )
        for each, standing in said
        if each.has_status and standing.ready != "True"
        for intent in each.translation.intents
    }


def _grounds(contacts: Iterable[Contact]) -> Grounds:
    reached = {each.snapshot.name: each.member for each in contacts}

    def ground(cluster: ClusterName, _kind: str) -> Ground | None:
        member = reached.get(cluster)
        return Ground(member.client, member.facts.uid, Home(cluster)) if member else None

    return ground


async def _manifests_there(
    contact: Contact, kinds: Iterable[DeclaredKind], ref: Ref
) -> list[Found]:
    if contact.member is None or contact.member.facts.is_agent:
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
