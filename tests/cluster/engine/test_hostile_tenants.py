# SPDX-License-Identifier: Apache-2.0
"""Two hostile tenants: each tries to read, overwrite, delete, block or find what is the other's.

The tenants hold everything that RBAC may give them in namespaces of their own; the admission
policies, which would refuse many of these objects, are not installed here: the controller alone
must stand. Which field is attacked by what is listed in tests/unit/test_references.py.
"""

from typing import Any

import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import always, eventually
from tests.cluster.engine.tenants import Spec, Tenant, altered, secrets_of, seen, values_in

from keyfleet.kube.resources import CONFIGMAPS, FLEETPOLICIES, NAMESPACES
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.testing.canary import canary

VICTIM = {"k": canary("victim")}
CHANGED = {"k": canary("changed")}
MINE = {"k": canary("mine")}
THEIRS = "victims-own"
"""Name of what the victim has; it may show in nothing that the attacker can read."""


def wanted(clusters: list[str], *, reads: dict[str, str] | None = None, **spec: Any) -> Spec:
    placement = {"clusters": {"names": clusters}, **spec.pop("placement", {})}
    source = {"secretRef": reads or {"name": "src"}, **spec.pop("source", {})}
    origin = {} if "sources" in spec else {"source": source}
    return {**origin, "placement": placement, **spec}


def several(*references: dict[str, str]) -> list[Spec]:
    """Return sources by name."""
    return [{"name": f"s{index}", "secretRef": each} for index, each in enumerate(references)]


def templates_of(kind: str, name: str) -> Spec:
    """Return a template that stands in an object."""
    return {"templateFrom": [{kind: {"name": name, "items": [{"key": "k"}]}}]}


class Field:
    """A victim that is served, and an attacker beside it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.victim = fleet.namespace
        self.attacker: Tenant

    async def prepare(self) -> None:
        """Deliver the victim's secret to east; give the attacker namespaces of their own."""
        fleet = self.fleet
        await fleet.declare(fleet.hub, fleet.east)
        await fleet.run()
        self.attacker = Tenant(fleet, await fleet.add_namespace("zz", fleet.hub, fleet.east))
        for side in (fleet.hub, fleet.east):
            labels = {"metadata": {"labels": {"of": f"victim-{self.victim}"}}}
            await side.client.merge_patch(NAMESPACES, self.victim, labels)
        await fleet.write_secret(fleet.hub, THEIRS, VICTIM)
        await fleet.ask(fleet.east, name=THEIRS, source=THEIRS)
        await fleet.delivered(VICTIM, fleet.east, name=THEIRS)
        await fleet.in_sync(fleet.east, name=THEIRS)
        await fleet.write_secret(fleet.hub, "src", MINE, namespace=self.attacker.namespace)

    async def owner(self) -> str:
        """Return the marker of the victim's target."""
        found = await self.fleet.meta(self.fleet.east, THEIRS)
        return (found.annotations or {})[OWNER_ANNOTATION]

    async def is_untouched(self, before: Any) -> bool:
        """Tell whether all of the victim's is as it was, and only that."""
        sides = (self.fleet.hub, self.fleet.east)
        return bool(await seen(sides, self.victim) == before)

    async def holds(self) -> Any:
        """Return what of the victim's must not change."""
        return await seen((self.fleet.hub, self.fleet.east), self.victim)

    async def leaks(self) -> list[str]:
        """Return where the attacker finds the victim's value or what it is called."""
        sides = (self.fleet.hub, self.fleet.east)
        found = [
            side.context
            for side in sides
            if VICTIM["k"] in await values_in(side, self.attacker.namespace)
        ]
        return [*found, *(["told"] if THEIRS in await self.attacker.told() else [])]

    async def lives_on(self) -> None:
        """The victim is served as before: a change arrives, a withdrawal takes the target away."""
        await self.fleet.set_data(self.fleet.hub, THEIRS, CHANGED)
        await self.fleet.delivered(CHANGED, self.fleet.east, name=THEIRS)
        await self.fleet.revised(2, name=THEIRS)
        await self.fleet.withdraw(THEIRS)
        await self.fleet.gone(self.fleet.east, name=THEIRS)


@pytest.fixture
async def scene(fleet: Fleet) -> Field:
    found = Field(fleet)
    await found.prepare()
    return found


async def test_no_reference_reads_what_is_anothers(scene: Field) -> None:
    """Absent and forbidden are answered with the same reason in the same words."""
    fleet, victim, own = scene.fleet, scene.victim, scene.attacker.namespace
    east = [fleet.east.name]
    theirs = {"namespace": victim, "name": "unsaid"}
    stolen = {"namespace": victim, "name": THEIRS}
    attacks = {
        "absent": wanted(east, reads=theirs),
        "present": wanted(east, reads=stolen),
        "by-word": wanted(east, reads={**stolen, "cluster": "hub"}),
        "by-name": wanted(east, reads={**stolen, "cluster": fleet.hub.name}),
        "the-copy": wanted(east, reads={**stolen, "cluster": fleet.east.name}),
        "no-copy": wanted(east, reads={**theirs, "cluster": fleet.east.name}),
        "own-in-member": wanted(east, reads={"cluster": fleet.east.name, "name": "src"}),
        "the-key": wanted(
            east, reads={"namespace": "keyfleet-system", "name": "keyfleet-fingerprint"}
        ),
        "no-cluster": wanted(east, reads={**stolen, "cluster": "nobody"}),
        "odd-cluster": wanted(east, reads={**stolen, "cluster": f"hub/../{fleet.hub.name}"}),
        "line-break": wanted(east, reads={**stolen, "cluster": "hub\nhub"}),
        "in-sources": wanted(east, sources=several(stolen)),
        "in-sources-absent": wanted(east, sources=several(theirs)),
        "beside-own": wanted(east, sources=several({"name": "src"}, stolen)),
        "of-member": wanted(east, sources=several({**stolen, "cluster": fleet.east.name})),
        "by-template": wanted(
            east,
            sources=several({"name": "src"}, stolen),
            template={"data": {"k": "{{ .s1.k }}"}},
        ),
        "template": wanted(east, template=templates_of("secretRef", THEIRS)),
        "template-map": wanted(east, template=templates_of("configMapRef", THEIRS)),
        "deletes": wanted(
            east, reads=theirs, source={"onMissing": "Delete"}, placement={"name": THEIRS}
        ),
    }
    place = {"name": THEIRS, "namespace": victim}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": {"k": "x"}}
    await fleet.hub.client.create(CONFIGMAPS, body, namespace=victim)
    elsewhere = templates_of("secretRef", THEIRS)
    elsewhere["templateFrom"][0]["secretRef"]["namespace"] = victim
    await scene.attacker.ask("elsewhere", wanted(east, template=elsewhere))
    before = await scene.holds()
    for name, spec in attacks.items():
        await scene.attacker.ask(name, spec)
    told = await scene.attacker.answered(list(attacks))
    assert (await scene.attacker.answered(["elsewhere"]))["elsewhere"][0] == "UnknownField"
    assert {reason for reason, _ in told.values()} == {"SourceMissing"}
    assert told["in-sources"][1].replace(THEIRS, "unsaid") == told["in-sources-absent"][1]
    assert told["present"][1].replace(THEIRS, "unsaid") == told["absent"][1]
    assert told["the-copy"][1].replace(THEIRS, "unsaid") == told["no-copy"][1]
    for side in (fleet.hub, fleet.east):
        assert VICTIM["k"] not in await values_in(side, own)
    assert await scene.is_untouched(before)
    await scene.lives_on()


async def test_no_placement_reaches_what_is_anothers(scene: Field) -> None:
    """Neither by name nor by selector, and what exists looks like what does not."""
    fleet, victim = scene.fleet, scene.victim
    everywhere = [fleet.hub.name, fleet.east.name]
    named = {"namespaces": {"names": [victim]}, "name": THEIRS}
    label = {"matchLabels": {"of": f"victim-{victim}"}}
    attacks = {
        "overwrite": wanted(everywhere, placement=named, conflictPolicy="Overwrite"),
        "adopt": wanted(everywhere, placement=named, conflictPolicy="Adopt"),
        "beside": wanted(everywhere, placement={**named, "name": "new"}),
        "by-label": wanted(everywhere, placement={"namespaces": {"selector": label}}),
        "nowhere": wanted(
            everywhere, placement={"namespaces": {"names": [f"{victim}-not"]}, "name": THEIRS}
        ),
        "all": wanted(["*"], placement={"namespaces": {"names": ["*"]}, "name": THEIRS}),
    }
    system = {
        "kube": wanted(everywhere, placement={"namespaces": {"names": ["kube-system"]}}),
        "kube-absent": wanted(everywhere, placement={"namespaces": {"names": ["kube-none"]}}),
        "own-system": wanted(everywhere, placement={"namespaces": {"names": ["keyfleet-system"]}}),
    }
    odd = {
        f"odd-{index}": wanted([name], placement=named)
        for index, name in enumerate(
            (
                "Hub",
                f"{fleet.east.name} ",
                f"../{fleet.east.name}",
                "\u0435ast",
                "e" * 253,
                "a\x1b[2J",
            )
        )
    }
    before = await scene.holds()
    for name, spec in {**attacks, **system, **odd}.items():
        await scene.attacker.ask(name, spec)
    told = await scene.attacker.answered([*attacks, *system, *odd])
    assert {told[name][0] for name in attacks if name != "all"} == {"TargetNotGranted"}
    assert told["all"][0] in ("TargetNotGranted", "SystemNamespace")
    assert {told[name][0] for name in system} == {"SystemNamespace"}
    assert {told[name][0] for name in odd} == {"ClusterMissing"}
    assert told["nowhere"][1].replace(f"{victim}-not", victim) == told["overwrite"][1]
    own = scene.attacker.namespace
    assert victim not in told["by-label"][1].replace(own, "")
    assert victim not in told["all"][1].replace(own, "")
    assert await scene.is_untouched(before)
    assert await scene.leaks() == []
    await scene.attacker.withdraw([*attacks, *system, *odd])
    assert await scene.is_untouched(before)
    await scene.lives_on()


async def test_no_template_forges_ownership_or_authority(scene: Field) -> None:
    fleet = scene.fleet
    east, owner = [fleet.east.name], await scene.owner()

    def annotated(name: str, text: str) -> Spec:
        return {"template": {"metadata": {"annotations": {name: text}}}}

    def labelled(name: str, text: str) -> Spec:
        return {"template": {"metadata": {"labels": {name: text}}}}

    attacks = {
        "owner": annotated("keyfleet.io/owner", owner),
        "enabled": annotated("keyfleet.io/enabled", "true"),
        "below": annotated("a.keyfleet.io/x", "y"),
        "shouted": annotated("Keyfleet.IO/owner", owner),
        "account": annotated("kubernetes.io/service-account.name", "default"),
        "hub": labelled("keyfleet.io/hub", "3f2a"),
        "manager": labelled("app.kubernetes.io/managed-by", "Helm"),
        "rendered-owner": annotated("keyfleet.io/owner", '{{ print "x" }}'),
        "rendered-hub": labelled("keyfleet.io/hub", "{{ .k }}"),
        "rendered-manager": labelled("app.kubernetes.io/managed-by", '{{ print "Helm" }}'),
    }
    types = {
        "token": "kubernetes.io/service-account-token",
        "bootstrap": "bootstrap.kubernetes.io/token",
        "helm": "helm.sh/release.v1",
    }
    for name, more in attacks.items():
        await scene.attacker.ask(name, wanted(east, **more))
    for name, kind in types.items():
        await scene.attacker.ask(name, wanted(east, template={"type": kind}))
    told = await scene.attacker.answered([*attacks, *types])
    assert {told[name][0] for name in attacks} == {"MetadataReserved"}
    assert {told[name][0] for name in types} == {"SpecialType"}
    assert await secrets_of(fleet.east, scene.attacker.namespace) == []
    assert await scene.leaks() == []


REACHING = {
    "env": ("sprig", '{{ env "PATH" }}'),
    "expand": ("sprig", '{{ expandenv "$PATH" }}'),
    "host": ("sprig", '{{ getHostByName "localhost" }}'),
    "file": ("consul", '{{ file "/etc/hostname" }}'),
    "store": ("consul", '{{ with secret "kv/data/x" }}{{ .Data }}{{ end }}'),
    "service": ("consul", '{{ key "x" }}'),
    "write": ("consul", '{{ "x" | writeToFile "/tmp/kf" "root" "root" "0644" }}'),
    "python": ("sprig", "{{ .Cluster.__class__ }}"),
    "method": ("core", "{{ call .k.upper }}"),
    "loop": ("sprig", "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"),
    "grow": ("sprig", '{{ $x := "x" }}{{ range until 99 }}{{ $x = print $x $x }}{{ end }}{{ $x }}'),
    "wide": ("sprig", '{{ range until 99 }}{{ printf "%999999d" 1 }}{{ end }}'),
    "deep": ("core", '{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}'),
    "self": ("sprig", '{{ $_ := set .Cluster "a" .Cluster }}{{ .Cluster | toJson }}'),
}


async def test_no_template_reaches_out_or_holds_up_others(scene: Field) -> None:
    """Neither files nor networks nor the process; and the victim is served at the same time."""
    fleet = scene.fleet
    for name, (functions, text) in REACHING.items():
        template = {"functions": functions, "data": {"x": text}}
        await scene.attacker.ask(name, wanted([fleet.east.name], template=template))
    await scene.lives_on()
    told = await scene.attacker.answered(list(REACHING))
    assert {name: reason for name, (reason, _) in told.items()} == dict.fromkeys(
        REACHING, "TemplateError"
    )
    assert await secrets_of(fleet.east, scene.attacker.namespace) == []
    assert await scene.leaks() == []


async def test_no_annotated_secret_reaches_what_is_anothers(scene: Field) -> None:
    """The annotation form has the same limits as a FleetSecret; its events say no more."""
    fleet, attacker = scene.fleet, scene.attacker
    base = {
        "keyfleet.io/enabled": "true",
        "keyfleet.io/targets": f"{fleet.hub.name},{fleet.east.name}",
    }
    attacks = {
        "into": {"keyfleet.io/namespace": scene.victim, "keyfleet.io/name": THEIRS},
        "beside": {"keyfleet.io/namespace": scene.victim},
        "system": {"keyfleet.io/namespace": "kube-system"},
        "path": {"keyfleet.io/namespace": f"../{scene.victim}"},
        "name-path": {"keyfleet.io/name": f"../{scene.victim}/secrets/{THEIRS}"},
        "everything": {"keyfleet.io/targets": "*", "keyfleet.io/namespace": scene.victim},
        "by-label": {"keyfleet.io/targets": "!none", "keyfleet.io/namespace": scene.victim},
        "misspelt": {"keyfleet.io/deletion-policie": "Retain"},
        "policy": {"keyfleet.io/deletion-policy": "DeleteAll"},
        "origin": {"keyfleet.io/origin": "context", "keyfleet.io/namespace": scene.victim},
        "copied": {OWNER_ANNOTATION: await scene.owner()},
        "garbage": {OWNER_ANNOTATION: "{", "keyfleet.io/namespace": scene.victim},
    }
    before = await scene.holds()
    for name, more in attacks.items():
        await attacker.write(fleet.hub, name, {**base, **more})
    marker = attacker.namespace

    async def heard() -> bool:
        told = await attacker.told()
        reasons = ("TargetNotGranted", "SystemNamespace", "InvalidAnnotation", "UnknownAnnotation")
        return all(reason in told for reason in reasons)

    await eventually(heard, what="the attacks were not answered")
    await always(lambda: scene.is_untouched(before), during_s=1.0)
    assert await secrets_of(fleet.east, marker) == []
    assert "copied" not in await attacker.told()
    said = (await attacker.told()).replace(f"{scene.victim}/{THEIRS}", "what-they-wrote")
    assert VICTIM["k"].decode() not in said
    await scene.lives_on()


async def test_no_forged_marker_moves_anything(scene: Field) -> None:
    """Copied, altered, unsigned and absurd markers, in a member and on the hub.

    They name the victim's intent from the attacker's place. Nothing of the victim's changes, its
    revision does not jump, and the attacker's own Secrets are neither taken nor deleted.
    """
    fleet, attacker = scene.fleet, scene.attacker
    owner = await scene.owner()
    metadata = await fleet.meta(fleet.east, THEIRS)
    label = (metadata.labels or {})["keyfleet.io/hub"]
    here = {"namespace": attacker.namespace}
    forged = {
        "copied": owner,
        "moved": altered(owner, **here, name="moved"),
        "unsigned": altered(owner, **here, name="unsigned", mac=""),
        "lifted": altered(owner, **here, name="lifted", mac="", revision=10**9, source="v1:k:0"),
        "retained": altered(owner, **here, name="retained", mac="", deletion_policy="Retain"),
        "released": altered(owner, **here, name="released", mac="", released=True),
        "wrong-key": altered(owner, **here, name="wrong-key", mac=f"v1:none:{'0' * 64}"),
        "other-hub": altered(owner, **here, name="other-hub", hub="another"),
        "nobody": altered(owner, **here, name="nobody", intent_name="nobody", mac=""),
        "no-kind": altered(owner, **here, name="no-kind", kind="Nothing", mac=""),
        "garbage": "{",
        "deep": "[" * 5000,
        "long": altered(owner, **here, name="long", intent_name="x" * 200_000, mac=""),
    }
    before = await scene.holds()
    for name, text in forged.items():
        for side in (fleet.hub, fleet.east):
            await attacker.forge(side, name, text, label)
    planted = await seen((fleet.hub, fleet.east), attacker.namespace)
    assert len(planted) == 2 * len(forged) + len(["src"])

    async def stays() -> bool:
        return await seen((fleet.hub, fleet.east), attacker.namespace) == planted

    await fleet.set_data(fleet.hub, THEIRS, CHANGED)
    await fleet.delivered(CHANGED, fleet.east, name=THEIRS)
    await fleet.revised(2, name=THEIRS)
    await always(stays, during_s=1.0)
    assert set(await scene.holds()) == set(before)
    await fleet.end()
    await fleet.run()
    await fleet.set_data(fleet.hub, THEIRS, VICTIM)
    await fleet.delivered(VICTIM, fleet.east, name=THEIRS)
    await fleet.revised(3, name=THEIRS)
    await fleet.withdraw(THEIRS)
    await fleet.gone(fleet.east, name=THEIRS)
    await always(stays, during_s=1.0)


async def test_who_claims_anothers_target_neither_blocks_nor_keeps_it(scene: Field) -> None:
    """Many claims, older than the victim's next FleetSecret, by both forms."""
    fleet, attacker = scene.fleet, scene.attacker
    claim = {"namespaces": {"names": [scene.victim]}, "name": "next"}
    names = [f"claim-{index}" for index in range(20)]
    for name in names:
        await attacker.ask(name, wanted([fleet.east.name], placement=claim))
    base = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": fleet.east.name}
    place = {"keyfleet.io/namespace": scene.victim, "keyfleet.io/name": "next"}
    await attacker.write(fleet.hub, "claims", {**base, **place})
    await attacker.answered(names)
    await fleet.ask(fleet.east, name="next", source=THEIRS)
    await fleet.delivered(VICTIM, fleet.east, name="next")
    await fleet.in_sync(fleet.east, name="next")
    assert "ClaimedByOlderIntent" not in str(await fleet.status("next"))
    await fleet.withdraw("next")
    await fleet.gone(fleet.east, name="next")


async def test_two_who_share_a_place_learn_nothing_of_each_other(scene: Field) -> None:
    """Where a grant lets both write, the older has it and the younger is not told whose it is."""
    fleet, attacker = scene.fleet, scene.attacker
    shared = await fleet.add_namespace("shared", fleet.east)
    scope = {"clusters": {"names": ["*"]}, "namespaces": {"names": [shared]}}
    await fleet.grant("share", targets=scope)
    await fleet.hub.client.merge_patch(
        *_policy(f"share-{fleet.namespace}", [fleet.namespace, attacker.namespace], scope)
    )
    placement = {"namespaces": {"names": [shared]}, "name": "common"}
    await fleet.ask(fleet.east, name="first-victims-own", source=THEIRS, placement=placement)
    await fleet.delivered(VICTIM, fleet.east, name="common", namespace=shared)
    policies = ("Refuse", "Adopt", "Overwrite")
    for policy in policies:
        spec = wanted([fleet.east.name], placement=placement, conflictPolicy=policy)
        await attacker.ask(policy.lower(), spec)
    told = await attacker.answered([policy.lower() for policy in policies])
    assert {reason for reason, _ in told.values()} <= {"HeldByIntent", "ClaimedByOlderIntent"}
    assert all("another hub namespace" in message for _, message in told.values())
    assert await scene.leaks() == []
    await fleet.delivered(VICTIM, fleet.east, name="common", namespace=shared)


async def test_who_trips_the_breaker_holds_up_nobody_else(scene: Field) -> None:
    """A tenant deletes all of theirs at once: theirs wait, others deliver and delete."""
    fleet, attacker = scene.fleet, scene.attacker
    names = [f"mass-{index}" for index in range(16)]
    for name in names:
        await attacker.ask(name, wanted([fleet.east.name]))
    await attacker.answered(names)

    async def are_delivered() -> bool:
        return len(await secrets_of(fleet.east, attacker.namespace)) == len(names)

    await eventually(are_delivered)
    await attacker.withdraw(names)
    await always(are_delivered, during_s=1.0, what="the breaker did not hold a mass deletion")
    await fleet.set_data(fleet.hub, THEIRS, CHANGED)
    await fleet.delivered(CHANGED, fleet.east, name=THEIRS)
    await fleet.revised(2, name=THEIRS)
    await fleet.ask(fleet.east, name="next", source=THEIRS)
    await fleet.delivered(CHANGED, fleet.east, name="next")
    await fleet.withdraw("next")
    await fleet.gone(fleet.east, name="next")
    assert await are_delivered()
    assert await scene.leaks() == []


async def test_no_way_to_name_source_or_cluster_evades_a_flow_rule(fleet: Fleet) -> None:
    """By name, alias, selector or `*`; with labels that say something else; by both forms."""
    await fleet.declare(fleet.hub, fleet.east, labels={"env": "production"})
    await fleet.declare(fleet.west, labels={"env": "staging"})
    stays = {
        "name": "stays",
        "from": {"matchLabels": {"env": "production"}},
        "to": {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["production"]}]},
        "action": "Deny",
    }
    head = {"apiVersion": FLEETPOLICIES.api_version, "kind": FLEETPOLICIES.kind}
    policy = {**head, "metadata": {"name": f"flows-{fleet.namespace}"}, "spec": {"flows": [stays]}}
    await fleet.hub.client.create(FLEETPOLICIES, policy)
    scope = {"clusters": {"names": ["*"]}, "namespaces": {"names": [fleet.namespace]}}
    await fleet.grant("own", sources=scope)
    await fleet.run()
    for side in (fleet.hub, fleet.east):
        await fleet.write_secret(side, "src", VICTIM)
    tenant = Tenant(fleet, fleet.namespace)
    west = [fleet.west.name]
    selected = {"selector": {"matchLabels": {"env": "staging"}}}
    poses = {"env": "staging"}
    attacks = {
        "plain": wanted(west),
        "by-word": wanted(west, reads={"name": "src", "cluster": "hub"}),
        "by-name": wanted(west, reads={"name": "src", "cluster": fleet.hub.name}),
        "by-namespace": wanted(west, reads={"name": "src", "namespace": fleet.namespace}),
        "from-member": wanted(west, reads={"name": "src", "cluster": fleet.east.name}),
        "from-context": wanted(west, reads={"name": "src", "cluster": fleet.east.context}),
        "to-context": wanted([fleet.west.context]),
        "to-all": wanted(["*"], placement={"name": "to-all"}),
        "to-label": wanted([], placement={"clusters": selected}),
        "posing": wanted(west, template={"metadata": {"labels": poses}}),
    }
    for name, spec in attacks.items():
        await tenant.ask(name, spec, poses)
    for index, targets in enumerate((fleet.west.name, fleet.west.context, "*", "env=staging")):
        annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": targets}
        await tenant.write(fleet.hub, f"annotated-{index}", annotations, poses)
    told = await tenant.answered(list(attacks))
    assert {name: reason for name, (reason, _) in told.items()} == dict.fromkeys(
        attacks, "FlowDenied"
    )

    async def heard() -> bool:
        return (await tenant.told()).count('"reason":"FlowDenied"') > len(attacks)

    await eventually(heard, what="no event says that an annotated Secret was refused")
    assert await secrets_of(fleet.west, fleet.namespace) == []


def _policy(name: str, hub: list[str], scope: dict[str, Any]) -> tuple[Any, ...]:
    return FLEETPOLICIES, name, {"spec": {"namespaces": [{"hub": hub, "targets": scope}]}}
