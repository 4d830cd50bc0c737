# SPDX-License-Identifier: Apache-2.0
"""A hostile member: west's administrator writes there whatever might move secrets elsewhere.

Everything in west is theirs to break. Nothing of the hub's or of east's may change for it, no value
of west may get there, and none of east's may come to west. What a member answers instead of an API
server (huge, broken, slow) is the fault campaign's; here it is the objects.
"""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from tests.cluster.engine.conftest import install
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import always, eventually
from tests.cluster.engine.tenants import Seen, Tenant, altered, seen, values_in

from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, FLEETPOLICIES, FLEETSECRETS, NAMESPACES
from keyfleet.localplane import FaultProxy, kubeconfigs
from keyfleet.localplane.masks import Mask
from keyfleet.localplane.pki import Authority
from keyfleet.manifests import crds
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE, TWO = {"k": canary("one")}, {"k": canary("two")}
EASTS = {"k": canary("for-east-only")}
PLANTED = canary("planted")


@pytest.fixture
async def honest(fleet: Fleet) -> Fleet:
    """East and west served with one secret; another one is for east only."""
    await fleet.declare(fleet.east, labels={"trust": "high"})
    await fleet.declare(fleet.west, labels={"trust": "low"})
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.write_secret(fleet.hub, "east-src", EASTS)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.ask(fleet.east, name="only", source="east-src")
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.delivered(EASTS, fleet.east, name="only")
    await fleet.in_sync(fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, name="only")
    return fleet


async def elsewhere(fleet: Fleet) -> Seen:
    """Return every Secret outside west, with its version."""
    return await seen((fleet.hub, fleet.east), fleet.namespace)


async def nothing_moved(fleet: Fleet, before: Seen) -> bool:
    """Tell whether nothing but west changed, and no value crossed in either direction."""
    outside = await values_in(fleet.east, fleet.namespace)
    outside += await values_in(fleet.hub, fleet.namespace)
    inside = await values_in(fleet.west, fleet.namespace)
    is_same = await elsewhere(fleet) == before
    return is_same and PLANTED not in outside and EASTS["k"] not in inside


async def test_forged_and_copied_markers_of_a_member_move_nothing_elsewhere(honest: Fleet) -> None:
    fleet = honest
    metadata = await fleet.meta(fleet.east, "only")
    easts = (metadata.annotations or {})[OWNER_ANNOTATION]
    wests = ((await fleet.meta(fleet.west)).annotations or {})[OWNER_ANNOTATION]
    label = (metadata.labels or {})["keyfleet.io/hub"]
    admin = Tenant(fleet, fleet.namespace)
    forged = {
        "only": easts,
        "copy": wests,
        "posing": altered(wests, name="posing", intent_name="only", mac=""),
        "easts": altered(easts, name="easts", mac=""),
        "lifted": altered(wests, name="lifted", mac="", revision=10**12, source="v1:k:0"),
        "future": altered(wests, name="future", revision=10**12),
        "other-hub": altered(wests, name="other-hub", hub="another-hub", mac=""),
        "orphan": altered(wests, name="orphan", intent_name="none", intent_uid="gone"),
        "crd": altered(wests, name="crd", crd="another"),
    }
    before = await elsewhere(fleet)
    for name, owner in forged.items():
        await admin.forge(fleet.west, name, owner, label)
    await always(partial(nothing_moved, fleet, before), during_s=1.0)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.revised(2)
    standing = await fleet.status("only")
    assert standing["revision"] == 1
    assert [one["name"] for one in standing["clusters"]] == [fleet.east.name]
    await fleet.end()
    await fleet.run()
    await fleet.set_data(fleet.hub, "east-src", ONE)
    await fleet.delivered(ONE, fleet.east, name="only")
    await fleet.revised(2, name="only")


async def test_what_a_member_does_to_its_own_target_stays_there(honest: Fleet) -> None:
    """Changed values are repaired and never read back; a broken marker is west's conflict alone."""
    fleet = honest
    before = await elsewhere(fleet)
    await fleet.set_data(fleet.west, "db", {"k": PLANTED, "more": PLANTED})
    await fleet.delivered(ONE, fleet.west)
    owner = ((await fleet.meta(fleet.west)).annotations or {})[OWNER_ANNOTATION]
    for change in (
        {"deletion_policy": "Retain"},
        {"released": True},
        {"intent_name": "only"},
        {"revision": 10**9},
    ):
        text = altered(owner, **change)
        body = {"metadata": {"annotations": {OWNER_ANNOTATION: text}}}
        await fleet.patch_secret(fleet.west, "db", body)
        await fleet.stands("Conflict", "CopiedMarker", fleet.west)
        await fleet.in_sync(fleet.east)
    assert await nothing_moved(fleet, before)
    await fleet.delete_secret(fleet.west, "db")
    await fleet.delivered(ONE, fleet.west, timeout_s=90)
    assert await nothing_moved(fleet, before)


@pytest.fixture
async def west_with_kinds(honest: Fleet) -> AsyncIterator[Fleet]:
    """West also serves the kinds of a hub; they go with the test."""
    await install(honest.west.client)
    yield honest
    for crd in crds():
        await honest.west.client.delete(CRDS, crd["metadata"]["name"])
    for crd in crds():
        name = crd["metadata"]["name"]
        await eventually(partial(_is_gone, honest, name))


async def _is_gone(fleet: Fleet, name: str) -> bool:
    return await fleet.west.client.find_metadata(CRDS, name) is None


async def test_declarations_in_a_member_do_nothing(west_with_kinds: Fleet) -> None:
    """Keyfleet's kinds and annotations count on the hub only, and a member is no inventory."""
    fleet = west_with_kinds
    place = {"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}}
    stealing = {
        "source": {"secretRef": {"name": "east-src", "cluster": "hub"}},
        "placement": place,
        "conflictPolicy": "Overwrite",
    }
    spreading = {"source": {"secretRef": {"name": "planted"}}, "placement": place}
    everything = {"hub": ["*"], "sources": place, "targets": place}
    annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": "*"}
    before = await elsewhere(fleet)
    await Tenant(fleet, fleet.namespace).write(fleet.west, "planted", annotations)
    written = [
        (FLEETSECRETS, "stealing", stealing),
        (FLEETSECRETS, "spreading", spreading),
        (FLEETPOLICIES, "all", {"namespaces": [everything]}),
        (FLEETCLUSTERS, fleet.east.name, {"context": "west"}),
    ]
    for resource, name, spec in written:
        namespace = fleet.namespace if resource.namespaced else ""
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        body = {**head, "metadata": metadata, "spec": spec}
        await fleet.west.client.create(resource, body, namespace=namespace)
    await always(partial(nothing_moved, fleet, before))
    for name in ("stealing", "spreading"):
        found = await fleet.west.client.get(FLEETSECRETS, name, namespace=fleet.namespace)
        assert "status" not in found


async def test_labels_of_a_members_namespaces_open_that_member_only(honest: Fleet) -> None:
    """A namespace's labels are its administrator's word: they never reach past the cluster."""
    fleet = honest
    selector = {"selector": {"matchLabels": {"team": fleet.namespace}}}
    before = await elsewhere(fleet)
    await fleet.ask(
        fleet.east,
        name="picked",
        source="east-src",
        placement={
            "clusters": {"selector": {"matchLabels": {"trust": "high"}}},
            "namespaces": selector,
        },
    )
    label = {"metadata": {"labels": {"team": fleet.namespace, "trust": "high"}}}
    await fleet.west.client.merge_patch(NAMESPACES, fleet.namespace, label)
    await always(partial(nothing_moved, fleet, before))
    await fleet.east.client.merge_patch(NAMESPACES, fleet.namespace, label)
    await fleet.delivered(EASTS, fleet.east, name="picked")


async def test_a_member_that_says_to_be_another_draws_nothing_to_itself(honest: Fleet) -> None:
    """West answers with east's UID under a new name that sorts before every other."""
    fleet = honest
    easts = await fleet.east.client.find_metadata(NAMESPACES, "kube-system")
    assert easts is not None
    mask = Mask(easts.uid, Authority("impostor"))
    async with FaultProxy(fleet.west.plane, mask=mask) as impostor:
        config = impostor.kubeconfig(context="impostor")
        path = kubeconfigs.write(fleet.directory / "impostor.yaml", config)
        await fleet.write_secret(fleet.hub, "impostor", {"value": path.read_bytes()})
        before = await elsewhere(fleet)
        name = f"aaa-{fleet.namespace}"
        reference = {"namespace": fleet.namespace, "name": "impostor"}
        head = {"apiVersion": FLEETCLUSTERS.api_version, "kind": FLEETCLUSTERS.kind}
        body = {**head, "metadata": {"name": name}, "spec": {"kubeconfigRef": reference}}
        await fleet.hub.client.create(FLEETCLUSTERS, body)

        async def stands_back() -> bool:
            document = await fleet.hub.client.get(FLEETCLUSTERS, name)
            conditions = (document.get("status") or {}).get("conditions", [])
            return bool(conditions and conditions[0]["reason"] == "Duplicate")

        await eventually(stands_back)
        await fleet.in_sync(fleet.east, name="only")
        assert await nothing_moved(fleet, before)
        await fleet.end()
        await fleet.run()
        await fleet.set_data(fleet.hub, "east-src", ONE)
        await fleet.delivered(ONE, fleet.east, name="only")
        await eventually(stands_back)
        assert [seen for seen in impostor.writes() if seen.resource == "secrets"] == []
        await fleet.hub.client.delete(FLEETCLUSTERS, name)


async def test_a_source_in_a_member_delivers_no_authority(honest: Fleet) -> None:
    """What west says of a granted source is data: its type and key names are judged here."""
    fleet = honest
    scope = {"clusters": {"names": [fleet.west.name]}, "namespaces": {"names": [fleet.namespace]}}
    await fleet.grant("read", sources=scope)
    reference = {"cluster": fleet.west.name}
    kinds = {"helm": "helm.sh/release.v1", "bootstrap": "bootstrap.kubernetes.io/token"}
    before = await elsewhere(fleet)
    for name, kind in kinds.items():
        await fleet.write_secret(fleet.west, name, {"k": PLANTED}, type_=kind)
        source = {"secretRef": {"name": name, **reference}}
        await fleet.ask(fleet.east, name=name, source=name)
        await fleet.edit({"source": source}, name=name)
        await fleet.stands("Refused", "SpecialType", fleet.east, name=name)
    assert await elsewhere(fleet) == before
    assert await fleet.data(fleet.east, "only") == EASTS
