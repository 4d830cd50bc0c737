# SPDX-License-Identifier: Apache-2.0
"""A dialect of these tests: `Copy`, another tool's kind, asks for a Secret of its own namespace.

A `CopySet` makes a Copy in every namespace with a label. They stand for every foreign dialect: what
is tested with them holds wherever manifests are found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from tests.cluster.engine.sides import Side, eventually

from keyfleet import builtin
from keyfleet.kube.resources import CRDS, Resource
from keyfleet.model.intent import ClusterTargets, Intent, Origin, Read, Rejection, SecretRef, Shape
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces, ClusterMatcher
from keyfleet.model.outcome import Outcome
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL
from keyfleet.model.places import ClusterFacts, IntentKey
from keyfleet.plugin import Dialect, Event, Kind, Report, Role, Translation
from keyfleet.plugin.parents import Around, Brood, Manifest

GROUP = "test.example.com"
CLEANUP = f"{GROUP}/cleanup"
COPIES = Resource(GROUP, "v1", "copies", "Copy")
SETS = Resource(GROUP, "v1", "copysets", "CopySet", namespaced=False)
OLD_COPIES = Resource(GROUP, "v1beta1", "copies", "Copy")
OWN = {MANAGED_BY_LABEL: MANAGED_BY}


@dataclass(frozen=True)
class OnTheHub:
    """The hub as a member, whatever it is called."""

    names: tuple[str, ...] = ()
    is_by_name: bool = False

    def matches(self, facts: ClusterFacts) -> bool:
        return facts.is_hub

    def describe(self) -> str:
        return "the hub"


class CopyDialect:
    """Understands Copies."""

    name = "copies"
    kinds = (
        Kind(
            COPIES,
            is_for_members=True,
            is_foreign=True,
            versions=("v1beta1",),
            finalizers=(CLEANUP,),
        ),
        Kind(SETS, role=Role.PARENT, is_for_members=True, is_foreign=True),
    )
    child = kinds[0]

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        source = manifest["spec"].get("source")
        key = IntentKey(origin.kind, origin.namespace, origin.name, origin.cluster)
        if not source:
            return Translation(rejections=(Rejection(key, origin, "Invalid", "no source"),))
        here: ClusterMatcher = OnTheHub()
        if origin.cluster:
            here = ChosenClusters((manifest["spec"].get("cluster", origin.cluster),))
        return Translation(
            (
                Intent(
                    key,
                    (origin,),
                    (Read("kubernetes", SecretRef(origin.namespace, source, origin.cluster)),),
                    Shape(),
                    ClusterTargets(here, ChosenNamespaces((origin.namespace,)), origin.name),
                ),
            )
        )

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        del before, now
        if isinstance(outcome, Rejection):
            return Report({"says": outcome.reason}, (Event("Warning", "Refused", outcome.message),))
        worst = outcome.worst
        said = worst.reason or str(worst.state) if worst else "Synced"
        clusters = [each.cluster for each in outcome.clusters]
        return Report({"says": said, "clusters": clusters}, (Event("Normal", said, "as asked"),))

    def brood(self, parent: Manifest, around: Around) -> Brood:
        name, spec = parent["metadata"]["name"], parent["spec"]
        there = {
            child["metadata"]["namespace"]: child
            for child in around.children
            if child["metadata"]["name"] == name
        }
        wanted = {
            facts.name
            for facts in around.namespaces.values()
            if facts.labels.get("copies") == name and not facts.is_terminating
        }
        made = {
            namespace: child
            for namespace, child in there.items()
            if (child["metadata"].get("labels") or {}).get("set") == name
        }
        return Brood(
            name=name,
            create=tuple(_child(name, each, spec) for each in sorted(wanted - set(there))),
            change=tuple(
                {**child, "spec": dict(spec)}
                for namespace, child in made.items()
                if namespace in wanted and child["spec"] != spec
            ),
            delete=tuple(child for each, child in made.items() if each not in wanted),
            provisioned=tuple(sorted(wanted - (set(there) - set(made)))),
            failed=dict.fromkeys(wanted & set(there) - set(made), "taken"),
        )

    def report_brood(
        self, brood: Brood, failures: Mapping[str, str], parent: Manifest, *, now: str
    ) -> Report:
        del parent, now
        failed = {**(brood.failed or {}), **failures}
        return Report({"provisioned": list(brood.provisioned), "failed": failed})


def _child(name: str, namespace: str, spec: Any) -> dict[str, Any]:
    return {
        "kind": COPIES.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"set": name}},
        "spec": dict(spec),
    }


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the controller understand Copies, too."""
    shipped = builtin.dialects

    def dialects(domain: str, **settings: Any) -> tuple[Dialect, ...]:
        return (*shipped(domain, **settings), CopyDialect())

    monkeypatch.setattr(builtin, "dialects", dialects)


def crd(
    *versions: str, labels: Mapping[str, str] | None = None, resource: Resource = COPIES
) -> dict[str, Any]:
    """Return the CRD of Copies, or of CopySets; the first version is stored."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        "metadata": {"name": resource.label, "labels": dict(OWN if labels is None else labels)},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "kind": resource.kind,
            },
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[0],
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
                for version in versions
            ],
        },
    }


async def install(side: Side, *versions: str, labels: Mapping[str, str] | None = None) -> None:
    """Serve Copies in a cluster."""
    await side.client.create(CRDS, crd(*(versions or ("v1",)), labels=labels))
    for version in versions or ("v1",):
        resource = Resource(GROUP, version, COPIES.plural, COPIES.kind)
        await eventually(partial(side.client.serves, resource))


async def install_sets(side: Side) -> None:
    """Serve CopySets in a cluster."""
    await side.client.create(CRDS, crd("v1", resource=SETS))
    await eventually(partial(side.client.serves, SETS))


async def uninstall(side: Side) -> None:
    """Serve neither Copies nor CopySets in a cluster any more."""
    for resource in (SETS, COPIES):
        await side.client.delete(CRDS, resource.label)

    async def absent() -> bool:
        found = [await side.client.find_metadata(CRDS, one.label) for one in (SETS, COPIES)]
        return found == [None, None]

    await eventually(absent, what="the CRD stays")


async def ask(
    side: Side, namespace: str, name: str = "db", resource: Resource = COPIES, **spec: Any
) -> None:
    """Create a Copy of `src` of the same namespace."""
    finalizers = spec.pop("finalizers", [])
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": namespace, "finalizers": finalizers},
        "spec": {"source": "src", **spec},
    }
    await side.client.create(resource, body, namespace=namespace)


async def status(side: Side, namespace: str, name: str = "db", at: Resource = COPIES) -> Any:
    """Return what a Copy's status says."""
    found = await side.client.get(at, name, namespace=namespace)
    return (found.get("status") or {}).get("says")
