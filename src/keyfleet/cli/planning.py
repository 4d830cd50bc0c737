# SPDX-License-Identifier: Apache-2.0
"""Look at the live fleet and plan: what `plan`, `apply`, `diff`, `why` and `status` share."""

import os
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from keyfleet import builtin
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.declared import Declared, declared_in_files, declared_on_hub
from keyfleet.cli.files import load_manifests
from keyfleet.cli.hub import Hub, open_hub, require_installed
from keyfleet.cli.members import Document, Members, open_members, relabelled
from keyfleet.cli.options import Common
from keyfleet.cli.refs import Ref, Scope
from keyfleet.engine.oneshot import OneShot, Planned, Request
from keyfleet.engine.stores.looking import StoreLook
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State
from keyfleet.plan.placement import unknown_clusters
from keyfleet.plugin.stores import ProviderMeans


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the fleet."""

    hub: Hub
    members: Members
    declared: Declared
    clusters: frozenset[ClusterName] | None
    """The clusters that -c and --cluster-selector choose; None means all."""
    stores: StoreLook
    """What is read of stores."""

    async def plan(self, *, prune: bool) -> "Plan":
        """Ask every cluster that is meant, side by side, and decide."""
        request = Request(
            self.declared.intents,
            self.declared.policies,
            builtin.sources(),
            clusters=self.clusters,
            prune=prune,
            crd_uids=self.declared.crd_uids,
            domain=self.declared.domain,
            rejections=self.declared.rejections,
            is_of_files=bool(self.declared.files),
            stores=self.stores,
        )
        await self.members.contact(self._meant(prune=prune))
        shot = OneShot(self.members.live, request)
        planned = [one for one in await shot.plan() if self._concerns(one)]
        return Plan(shot, tuple(planned))

    def narrowed(self, scope: Scope) -> "Look":
        """Return the look at these secrets only, with whoever contests their targets."""
        if not scope.refs and not scope.namespace:
            return self
        intents = self.declared.intents
        names = {each.targets.name for each in intents if _covers(scope, each)}
        near = tuple(each for each in intents if _covers(scope, each) or each.targets.name in names)
        return replace(self, declared=replace(self.declared, intents=near))

    def about(self, ref: Ref) -> "Look":
        """Return the look at everything that has to do with one name: wished, or so called."""
        near = {
            each.key
            for each in self.declared.intents
            if each.targets.name == ref.name
            or (each.key.namespace, each.key.name) == (ref.namespace, ref.name)
        }
        names = {each.targets.name for each in self.declared.intents if each.key in near}
        kept = tuple(each for each in self.declared.intents if each.targets.name in names)
        return replace(self, declared=replace(self.declared, intents=kept))

    def _meant(self, *, prune: bool) -> list[ClusterName]:
        return [
            facts.name
            for facts in self.members.live.facts()
            if (self.clusters is None or facts.name in self.clusters)
            and (prune or any(each.targets.clusters.matches(facts) for each in self._intents()))
        ]

    def _intents(self) -> tuple[Intent, ...]:
        return self.declared.intents

    def _concerns(self, planned: Planned) -> bool:
        """Tell whether a step is about a cluster the intent means, not one asked for leftovers."""
        step = planned.step
        if step.place.namespace or step.finding is None:
            return True
        if step.finding.state is not State.UNREACHABLE:
            return True
        intent = next(each for each in self._intents() if each.key == step.intent)
        facts = [each for each in self.members.live.facts() if each.name == step.place.cluster]
        return any(map(intent.targets.clusters.matches, facts))


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen, and who can make it happen."""

    shot: OneShot
    planned: tuple[Planned, ...]

    def of(self, scope: Scope) -> "Plan":
        """Return the part that is about these secrets."""
        keys = ((one, one.step.intent) for one in self.planned)
        kept = tuple(one for one, key in keys if scope.covers(key.namespace, key.name))
        return replace(self, planned=kept)


def _covers(scope: Scope, intent: Intent) -> bool:
    return scope.covers(intent.key.namespace, intent.key.name)


@asynccontextmanager
async def open_look(
    common: Common, files: Iterable[str] = (), *, key_namespace: str = ""
) -> AsyncIterator[Look]:
    """Give a look at what files ask for, or without files at what the hub declares.

    Args:
        common: The flags that choose clusters.
        files: Their names; none: what the hub declares.
        key_namespace: Where clusters keep their sealing keys; empty: as the environment says.
    """
    manifests = load_manifests(files)
    async with open_hub(common) as hub:
        if manifests:
            declared = await declared_in_files(manifests, hub, common.namespace)
        else:
            await require_installed(hub)
            declared = await declared_on_hub(hub, common.namespace)
        clusters = [each.document for each in manifests if each.kind == "FleetCluster"]
        async with look_at(hub, declared, common, clusters, key_namespace=key_namespace) as look:
            yield look


@asynccontextmanager
async def look_at(
    hub: Hub,
    declared: Declared,
    common: Common,
    clusters: Iterable[Document] = (),
    *,
    adopts: frozenset[str] = frozenset(),
    key_namespace: str = "",
) -> AsyncIterator[Look]:
    """Give a look at what is declared.

    Args:
        hub: The hub.
        declared: What is asked for.
        common: The flags that choose clusters.
        clusters: FleetClusters of files.
        adopts: Hubs whose targets count as ours, see `Installation`.
        key_namespace: Where clusters keep their sealing keys; empty: as the environment says.
    """
    clusters = list(clusters)
    is_guarded = declared.policies.flows.is_declared
    async with open_members(
        hub, clusters, adopts=adopts, is_guarded=is_guarded, key_namespace=key_namespace
    ) as members:
        _refuse_unknown(declared, members)
        _refuse_relabelled(declared, members, clusters)
        chosen = chosen_clusters(members.live.facts(), common)
        stores = _stores(hub)
        try:
            yield Look(hub, members, declared, chosen, stores)
        finally:
            await stores.close()


def _stores(hub: Hub) -> StoreLook:
    # A person's own settings count, as with the clients of these providers.
    means = ProviderMeans(hub.clock, secrets.token_bytes, lambda *_: None, os.environ)
    return StoreLook(builtin.providers(), builtin.generators(), means)


def _refuse_relabelled(declared: Declared, members: Members, clusters: Iterable[Document]) -> None:
    # Flow rules of the hub are about the labels that the hub gives.
    name = relabelled(clusters, members.documents) if declared.policies.flows.is_declared else ""
    if name:
        raise InvalidInputError(
            "cli.relabelled",
            "the hub labels this cluster otherwise, and its FleetPolicies declare flows",
            f"FleetCluster {name}",
            hint="leave it out of the file, or give it the labels that it has on the hub",
        )


def _refuse_unknown(declared: Declared, members: Members) -> None:
    facts = members.live.facts()
    for each in declared.files:
        for name in unknown_clusters(each.intent, facts):
            known = ", ".join(sorted(cluster.name for cluster in facts)) or "none"
            raise each.error(
                "cli.unknown_cluster",
                f"no cluster is called {name}",
                "spec.placement.clusters.names",
                f"known: {known}",
            )
