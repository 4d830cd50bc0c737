# SPDX-License-Identifier: Apache-2.0
"""Two scenes about what does not happen: a refused flow, and a slip that would delete."""

from collections.abc import Awaitable, Callable, Mapping
from textwrap import wrap
from typing import Any, TypeVar

from keyfleet.base import codec
from keyfleet.base.clock import Clock
from keyfleet.base.errors import NotReadyError
from keyfleet.cli.demo.documents import (
    NAMESPACE,
    SHOP_LABELS,
    TREASURY,
    Document,
    fleet_secret,
    flow_policy,
    grant_policy,
    secret,
)
from keyfleet.cli.demo.narrator import Narrator, program
from keyfleet.cli.demo.props import PATIENCE_S, ensure_namespace, new_credentials
from keyfleet.cli.demo.stage import Stage
from keyfleet.kube.client import Client
from keyfleet.kube.resources import (
    CONFIGMAPS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    SECRETS,
)
from keyfleet.model.held import HELD_CONFIGMAP, HeldPlan, held_plans_of
from keyfleet.model.ownership import SYSTEM_NAMESPACE

BANK_KEY = "bank-key"
REGISTRY = "registry"
SHOPS = tuple(f"shop-{number:02}" for number in range(1, 13))
"""More than may go at once without a person."""
CHECK_S = 0.05
COLUMNS = 88

T = TypeVar("T")


async def refuse(stage: Stage, tell: Narrator) -> None:
    """Somebody asks for more than a rule allows."""
    staging = list(stage.members)[-1]
    await tell.scene("Production stays in production")
    await _label_clusters(stage, staging)
    tell.say(f"Cluster {staging} is labelled env=staging. A rule says what may not flow:")
    rules = flow_policy(next(iter(stage.clients)))
    tell.quote(codec.encode_yaml(rules))
    await stage.hub.create(FLEETPOLICIES, rules)
    await _make_secret(stage, BANK_KEY, TREASURY)
    tell.say(f"Somebody asks for {TREASURY}/{BANK_KEY} in {' and '.join(stage.members)}.")
    began = tell.clock.monotonic()
    asked = fleet_secret(BANK_KEY, tuple(stage.members), namespace=TREASURY)
    await stage.hub.create(FLEETSECRETS, asked, namespace=TREASURY)
    for name in stage.members:
        told = await _settled(stage.hub, tell.clock, (TREASURY, BANK_KEY), name)
        took_s = tell.clock.monotonic() - began
        if told["state"] == "InSync":
            tell.happened(name, f"Secret {TREASURY}/{BANK_KEY} appears", took_s)
        else:
            tell.prevented(name, f"{told['state']}, {told['reason']}", took_s)
            for line in wrap(told["message"], COLUMNS):
                tell.say(line)


async def hold(stage: Stage, tell: Narrator) -> None:
    """A slip in a selector would delete many copies: a person is asked first."""
    name, member = next(iter(stage.members.items()))
    key = (NAMESPACE, REGISTRY)
    await tell.scene("A slip of the keyboard deletes nothing")
    for shop in SHOPS:
        await ensure_namespace(member, shop, SHOP_LABELS)
    await stage.hub.create(FLEETPOLICIES, grant_policy())
    await _make_secret(stage, REGISTRY, NAMESPACE)
    asked = fleet_secret(REGISTRY, (name,), labels=SHOP_LABELS)
    await stage.hub.create(FLEETSECRETS, asked, namespace=NAMESPACE)
    await _settled(stage.hub, tell.clock, key, name, targets=len(SHOPS))
    before = await _copies(member)
    tell.say(f"Secret {NAMESPACE}/{REGISTRY} is in the {len(SHOPS)} namespaces of {name} that are")
    tell.say("labelled demo=shop. Somebody edits the selector and types demo=shpo.")
    began = tell.clock.monotonic()
    await _select(stage.hub, {"demo": "shpo"})
    plan = await _held(stage.hub, tell.clock)
    tell.prevented(name, f"{plan.total} deletions are held", tell.clock.monotonic() - began)
    tell.say(f"Were it meant: {program()} approve {plan.id}")
    began = tell.clock.monotonic()
    await _select(stage.hub, SHOP_LABELS)
    await _settled(stage.hub, tell.clock, key, name, targets=len(SHOPS))
    took_s = tell.clock.monotonic() - began
    untouched = len(before.items() & (await _copies(member)).items())
    what = f"the selector is put right; {untouched} of {len(SHOPS)} copies are as they were"
    tell.happened(name, what, took_s)


async def _label_clusters(stage: Stage, staging: str) -> None:
    for client in stage.clients.values():
        await ensure_namespace(client, TREASURY)
    for name in stage.members:
        labels = {"env": "staging" if name == staging else "production"}
        await stage.hub.merge_patch(FLEETCLUSTERS, name, {"metadata": {"labels": labels}})


async def _make_secret(stage: Stage, name: str, namespace: str) -> None:
    document = secret(name, new_credentials(), namespace=namespace)
    await stage.hub.create(SECRETS, document, namespace=namespace)


async def _select(hub: Client, labels: Mapping[str, str]) -> None:
    selector = {"matchLabels": dict(labels)}
    path = "/spec/placement/namespaces/selector"
    operations = [{"op": "replace", "path": path, "value": selector}]
    await hub.json_patch(FLEETSECRETS, REGISTRY, operations, namespace=NAMESPACE)


async def _copies(member: Client) -> dict[str, str]:
    """Return the version of each copy in the shops, by namespace."""
    found = [await member.find_metadata(SECRETS, REGISTRY, namespace=shop) for shop in SHOPS]
    return {one.namespace: one.resource_version for one in found if one is not None}


async def _held(hub: Client, clock: Clock) -> HeldPlan:
    async def found() -> HeldPlan | None:
        held = await hub.find(CONFIGMAPS, HELD_CONFIGMAP, namespace=SYSTEM_NAMESPACE)
        plans = held_plans_of((held or {}).get("data") or {})
        return plans[-1] if plans else None

    return await _eventually(clock, found, HELD_CONFIGMAP)


async def _settled(
    hub: Client, clock: Clock, key: tuple[str, str], cluster: str, *, targets: int = 1
) -> Document:
    """Return what a FleetSecret's status says of a cluster, once it is all there or refused."""

    async def found() -> Document | None:
        document = await hub.get(FLEETSECRETS, key[1], namespace=key[0])
        told: list[Document] = (document.get("status") or {}).get("clusters") or []
        here = [one for one in told if one["name"] == cluster and _is_settled(one, targets)]
        is_current = _observed(document)
        return here[0] if here and is_current else None

    return await _eventually(clock, found, f"{'/'.join(key)} in {cluster}")


def _is_settled(told: Mapping[str, Any], targets: int) -> bool:
    is_there: bool = told["state"] == "InSync" and told.get("inSync", 0) >= targets
    return is_there or told["state"] == "Refused"


def _observed(document: Mapping[str, Any]) -> bool:
    observed = (document.get("status") or {}).get("observedGeneration")
    return bool(observed == document["metadata"]["generation"])


async def _eventually(clock: Clock, look: Callable[[], Awaitable[T | None]], what: str) -> T:
    deadline = clock.monotonic() + PATIENCE_S
    while clock.monotonic() < deadline:
        found = await look()
        if found is not None:
            return found
        await clock.sleep(CHECK_S)
    raise NotReadyError("demo.stuck", "what the story tells does not come about", what)
