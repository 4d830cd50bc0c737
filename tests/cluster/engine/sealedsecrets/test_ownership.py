# SPDX-License-Identifier: Apache-2.0
"""Whose Secret it is: taken over, merged into, left alone, mended and made again.

Source: compat/sealed-secrets.md 2.4, 2.5, 2.6.
"""

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sealedsecrets.seals import MANAGED, ON, PATCH, SKIP_OWNER, Seals
from tests.cluster.engine.sides import always, eventually, wrapped

from keyfleet.kube.resources import SECRETS
from keyfleet.testing.canary import canary

ONE, TWO, THREE = canary("one"), canary("two"), canary("three")
OWN = {"own": ONE}
OTHER_OWNER = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "name": "x",
    "uid": "9-9",
    "controller": True,
}
STRANGER = 'Resource "db" already exists and is not managed by SealedSecret'


def fields(document: dict[str, object]) -> tuple[object, ...]:
    """Return what the ownership table is about."""
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    owners = [one["kind"] for one in metadata.get("ownerReferences", [])]
    annotations = set(metadata.get("annotations", {})) - {"keyfleet.io/owner"}
    labels = set(metadata.get("labels", {})) - {"keyfleet.io/hub", "app.kubernetes.io/managed-by"}
    return owners, labels, annotations


async def test_a_stranger_is_left_alone_until_it_says_that_it_may_be_taken(seals: Seals) -> None:
    await seals.fleet.write_secret(seals.east, "db", {"k": TWO})
    await seals.want({"k": ONE})
    await seals.run()
    await seals.says("False", "Unmarked", f"failed update: {STRANGER}")
    await seals.heard("Warning", "ErrUpdateFailed", STRANGER)
    assert await seals.fleet.data(seals.east) == {"k": TWO}
    await seals.fleet.patch_secret(seals.east, "db", {"metadata": {"annotations": {MANAGED: ON}}})
    # No watch shows a stranger's changes: a word with the manifest is enough.
    await seals.merge({"metadata": {"annotations": {"look": "again"}}})
    await seals.delivered({"k": ONE})


async def test_what_may_be_taken_is_replaced_as_a_whole(seals: Seals) -> None:
    await seals.fleet.write_secret(
        seals.east,
        "db",
        {"k": TWO, "more": TWO},
        labels={"foreign": "label"},
        annotations={MANAGED: ON, "foreign": "note"},
        ownerReferences=[OTHER_OWNER],
    )
    await seals.want({"k": ONE}, template={"metadata": {"labels": {"app": "shop"}}})
    await seals.run()
    await seals.delivered({"k": ONE})
    assert fields(await seals.secret()) == (["SealedSecret"], {"app"}, set())


async def test_a_shared_secret_keeps_what_others_have_in_it(seals: Seals) -> None:
    await seals.fleet.write_secret(
        seals.east,
        "db",
        {"own": TWO, "others": TWO},
        labels={"foreign": "label"},
        annotations={PATCH: ON},
        ownerReferences=[OTHER_OWNER],
    )
    await seals.want(OWN | {"old": ONE}, template={"metadata": {"labels": {"app": "shop"}}})
    await seals.run()
    await seals.delivered({"own": ONE, "old": ONE, "others": TWO})
    assert fields(await seals.secret()) == (["ConfigMap"], {"foreign", "app"}, {PATCH})
    await seals.fleet.set_data(seals.east, "db", {"own": TWO, "others": THREE})
    await seals.delivered({"own": ONE, "old": ONE, "others": THREE})
    await seals.edit({"encryptedData": {"old": None}})
    await seals.delivered({"own": ONE, "others": THREE})
    await seals.remove()
    await always(lambda: seals.fleet.data(seals.east), what="what is another's was deleted")


async def test_a_shared_secret_that_may_be_taken_is_merged_and_owned(seals: Seals) -> None:
    await seals.fleet.write_secret(
        seals.east,
        "db",
        {"others": TWO},
        annotations={PATCH: ON, MANAGED: ON},
        ownerReferences=[OTHER_OWNER],
    )
    await seals.want(OWN)
    await seals.run()
    await seals.delivered({"own": ONE, "others": TWO})
    assert fields(await seals.secret()) == (["SealedSecret"], set(), {PATCH, MANAGED})
    await seals.remove()
    await seals.fleet.gone(seals.east)


async def test_a_template_may_say_both(seals: Seals) -> None:
    marks = {PATCH: ON, MANAGED: ON}
    await seals.want(OWN, template={"metadata": {"annotations": marks}})
    await seals.run()
    await seals.delivered(OWN)
    before = await seals.secret()
    await seals.fleet.patch_secret(seals.east, "db", {"stringData": {"others": TWO.decode()}})
    await seals.fleet.quiet()
    assert await seals.fleet.data(seals.east) == {"own": ONE, "others": TWO}
    assert fields(await seals.secret()) == fields(before) == (["SealedSecret"], set(), set(marks))


async def test_without_a_reference_the_secret_outlives_its_manifest(seals: Seals) -> None:
    await seals.want(OWN, template={"metadata": {"annotations": {SKIP_OWNER: ON}}})
    await seals.run()
    await seals.delivered(OWN)
    assert "ownerReferences" not in (await seals.secret())["metadata"]
    # Upstream fails from here on, unless the template says `managed` too.
    await seals.edit({"encryptedData": seals.sealed({"own": TWO})})
    await seals.delivered({"own": TWO})
    await seals.remove()
    await always(lambda: seals.fleet.data(seals.east), what="it was deleted")


async def test_what_upstream_made_is_taken_over_without_touching_its_data(seals: Seals) -> None:
    await seals.want(OWN, template={"metadata": {"labels": {"app": "shop"}}})
    owner = await seals.owner()
    metadata = {"name": "db", "labels": {"app": "shop"}, "ownerReferences": [owner]}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": wrapped(OWN)}
    await seals.east.client.create(SECRETS, body, namespace=seals.namespace, manager="controller")
    uid = (await seals.secret())["metadata"]["uid"]
    await seals.run()
    await seals.delivered(OWN)
    await seals.fleet.quiet()
    assert [seen.method for seen in seals.east.writes()] == ["PATCH"]
    found = (await seals.secret())["metadata"]
    assert (found["uid"], found["ownerReferences"]) == (uid, [owner])
    (ours,) = [one for one in found["managedFields"] if one["manager"] == "keyfleet"]
    assert set(ours["fieldsV1"]) == {"f:metadata"}
    # From now on it is mended.
    await seals.fleet.set_data(seals.east, "db", {"own": TWO})
    await seals.delivered(OWN)


async def test_a_manifest_made_anew_takes_its_old_secret_again(seals: Seals) -> None:
    await seals.want(OWN)
    stale = {**(await seals.owner()), "uid": "0-0"}
    await seals.fleet.write_secret(seals.east, "db", {"own": TWO}, ownerReferences=[stale])
    await seals.run()
    await seals.delivered(OWN)
    assert (await seals.secret())["metadata"]["ownerReferences"] == [await seals.owner()]
    first = await seals.owner()
    await seals.remove()
    await seals.want({"own": THREE})
    await seals.delivered({"own": THREE})
    assert (await seals.owner())["uid"] != first["uid"]
    assert (await seals.secret())["metadata"]["ownerReferences"] == [await seals.owner()]


async def test_edits_are_mended_and_a_deleted_secret_is_made_again(seals: Seals) -> None:
    await seals.want(OWN)
    await seals.run()
    await seals.delivered(OWN)
    await seals.fleet.set_data(seals.east, "db", {"own": TWO, "more": TWO})
    await seals.delivered(OWN)
    uid = (await seals.secret())["metadata"]["uid"]
    await seals.fleet.delete_secret(seals.east, "db")
    await seals.delivered(OWN)
    assert (await seals.secret())["metadata"]["uid"] != uid
    await seals.remove()
    await seals.fleet.gone(seals.east)


async def test_what_a_fleetsecret_holds_is_never_taken(seals: Seals) -> None:
    fleet: Fleet = seals.fleet
    await fleet.write_secret(fleet.hub, "src", {"k": TWO})
    await seals.run()
    await fleet.ask(seals.east)
    await fleet.delivered({"k": TWO}, seals.east)
    await fleet.patch_secret(seals.east, "db", {"metadata": {"annotations": {MANAGED: ON}}})
    await seals.want({"k": ONE})
    # Who is older is told in seconds: within one, who holds it is told instead.
    await seals.says("False", None, f"failed update: {STRANGER}")
    assert await fleet.data(seals.east) == {"k": TWO}
    await fleet.withdraw()
    await seals.delivered({"k": ONE})


async def test_an_immutable_secret_keeps_its_data_and_a_type_stays(seals: Seals) -> None:
    await seals.want(OWN, template={"immutable": True})
    await seals.want(OWN, "typed", template={"type": "example.com/a"})
    await seals.run()
    await seals.delivered(OWN)
    assert (await seals.secret())["immutable"] is True
    await seals.edit({"encryptedData": seals.sealed({"own": TWO})})
    refused = 'Secret "db" is invalid: data: Forbidden: field is immutable when `immutable` is set'
    await seals.says("False", "Immutable", refused)
    text = f"Error updating {seals.namespace}/db: the target Secret is immutable."
    await seals.heard("Warning", "ErrUpdateFailed", text)
    assert await seals.fleet.data(seals.east) == OWN
    await seals.fleet.delete_secret(seals.east, "db")
    await seals.delivered({"own": TWO})
    await seals.delivered(OWN, "typed")
    await seals.edit({"template": {"type": "example.com/b"}}, "typed")
    await seals.says("False", "TypeChanged", name="typed")
    # Left out, it is what it is.
    await seals.edit({"template": {"type": None}}, "typed")
    await seals.delivered(OWN, "typed")
    assert (await seals.secret("typed"))["type"] == "example.com/a"


async def test_finalizers_are_set_when_it_is_made_and_not_later(seals: Seals) -> None:
    await seals.want(OWN, template={"metadata": {"finalizers": ["example.com/keep"]}})
    await seals.run()
    await seals.delivered(OWN)
    assert (await seals.secret())["metadata"]["finalizers"] == ["example.com/keep"]
    await seals.fleet.patch_secret(seals.east, "db", {"metadata": {"finalizers": None}})
    await seals.fleet.quiet()
    assert "finalizers" not in (await seals.secret())["metadata"]

    async def told() -> bool:
        found = await seals.east.client.find_metadata(SECRETS, "db", namespace=seals.namespace)
        return found is not None and not found.finalizers

    await eventually(told)
