# SPDX-License-Identifier: Apache-2.0
"""What opens, what does not, and what people are told of it.

Source: compat/sealed-secrets.md 1.2, 1.4, 2.3.
"""

import pytest
from tests.cluster.engine.sealedsecrets.seals import CLUSTER_WIDE, DONE, NAMESPACE_WIDE, ON, Seals

from keyfleet.base.sealing import Scope
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")
NO_KEY = "no key could decrypt secret"


async def test_a_sealed_secret_becomes_a_secret_as_upstream_makes_it(seals: Seals) -> None:
    await seals.want(
        {"password": ONE, "user": TWO},
        template={
            "metadata": {"labels": {"app": "shop"}, "annotations": {"note": "plain"}},
            "type": "example.com/login",
            "immutable": False,
        },
    )
    await seals.run()
    await seals.delivered({"password": ONE, "user": TWO})
    found = await seals.secret()
    assert found["type"] == "example.com/login"
    assert found["metadata"]["ownerReferences"] == [await seals.owner()]
    assert found["metadata"]["labels"]["app"] == "shop"
    assert found["metadata"]["annotations"]["note"] == "plain"
    await seals.heard("Normal", "Unsealed", DONE)
    manifest = await seals.manifest()
    condition = await seals.synced()
    assert manifest["status"]["observedGeneration"] == manifest["metadata"]["generation"]
    assert condition["lastUpdateTime"] == condition["lastTransitionTime"]


@pytest.mark.parametrize(
    ("scope", "annotations"),
    [(Scope.NAMESPACE_WIDE, {NAMESPACE_WIDE: ON}), (Scope.CLUSTER_WIDE, {CLUSTER_WIDE: ON})],
)
async def test_wider_scopes_are_told_by_annotations(
    seals: Seals, scope: Scope, annotations: dict[str, str]
) -> None:
    elsewhere = seals.namespace if scope is Scope.NAMESPACE_WIDE else "elsewhere"
    items = seals.sealed({"k": ONE}, "other", scope=scope, namespace=elsewhere)
    await seals.put(items, annotations=annotations)
    await seals.run()
    await seals.delivered({"k": ONE})


async def test_what_is_bound_to_something_else_does_not_open_and_says_so_by_name(
    seals: Seals,
) -> None:
    good = seals.sealed({"good": ONE})
    wrong = {
        "name": seals.sealed({"bad": TWO}, "other"),
        "namespace": seals.sealed({"bad": TWO}, "namespace", namespace="other"),
        "cluster": seals.sealed({"bad": TWO}, "cluster", context="hub"),
        "scope": seals.sealed({"bad": TWO}, "scope", scope=Scope.CLUSTER_WIDE),
    }
    for name, items in wrong.items():
        await seals.put(seals.sealed({"good": ONE}, name) | items, name)
    await seals.put(good | {"bad": "%", "worse": "AgA="}, "garbage")
    await seals.put({"b": "AAAA", "a": ""}, "empty")
    await seals.want({"k": ONE})
    await seals.run()
    await seals.delivered({"k": ONE})
    for name in wrong:
        await seals.says("False", "UnsealFailed", f"{NO_KEY} (bad)", name=name)
        assert await seals.fleet.data(seals.east, name) is None
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (a, b)", name="empty")
    await seals.heard("Warning", "ErrUnsealFailed", f"Failed to unseal: {NO_KEY} (a, b)", "empty")
    message = (await seals.synced("garbage"))["message"]
    assert message.splitlines() == [
        "illegal base64 data at input byte 0 (bad)",
        f"{NO_KEY} (good, worse)",
    ]


async def test_one_bad_item_keeps_what_was_delivered_and_nobody_else_waits(seals: Seals) -> None:
    await seals.want({"a": ONE, "b": TWO})
    await seals.run()
    await seals.delivered({"a": ONE, "b": TWO})
    await seals.edit({"encryptedData": {"b": seals.sealed({"b": TWO}, "other")["b"]}})
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (b)")
    assert await seals.fleet.data(seals.east) == {"a": ONE, "b": TWO}
    await seals.want({"k": ONE}, "new")
    await seals.delivered({"k": ONE}, "new")
    # Another message of the same status is written too, unlike upstream.
    await seals.edit({"encryptedData": {"a": seals.sealed({"a": TWO}, "other")["a"]}})
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (a, b)")
    await seals.edit({"encryptedData": seals.sealed({"a": TWO, "b": ONE})})
    await seals.delivered({"a": TWO, "b": ONE})


async def test_an_annotation_alone_mends_the_scope(seals: Seals) -> None:
    await seals.put(seals.sealed({"k": ONE}, scope=Scope.CLUSTER_WIDE))
    await seals.run()
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (k)")
    await seals.merge({"metadata": {"annotations": {CLUSTER_WIDE: ON}}})
    await seals.delivered({"k": ONE})


async def test_a_restart_writes_and_tells_nothing(seals: Seals) -> None:
    await seals.want({"k": ONE}, template={"data": {"now": "{{ now }} {{ .k }}"}})
    await seals.put(seals.sealed({"k": ONE}, "other"), "bad")
    await seals.run()
    await seals.says("True", "Unsealed", "")
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (k)", name="bad")
    await seals.heard("Normal", "Unsealed", DONE)
    before = await seals.secret()
    manifests = [await seals.manifest(), await seals.manifest("bad")]
    await seals.fleet.quiet()
    await seals.fleet.end()
    seals.fleet.forget_requests()
    await seals.again()
    await seals.fleet.quiet()
    assert seals.east.writes() == []
    assert await seals.secret() == before
    assert [await seals.manifest(), await seals.manifest("bad")] == manifests
    notes = [*await seals.notes(), *await seals.notes("bad")]
    assert [one[1] for one in notes] == ["Unsealed", "ErrUnsealFailed"]


async def test_hub_and_members_open_with_their_own_keys(seals: Seals) -> None:
    await seals.put(seals.sealed({"k": ONE}, context="hub"), side=seals.fleet.hub)
    await seals.put(seals.sealed({"k": TWO}))
    await seals.run(seals.fleet.hub, seals.east)
    await seals.delivered({"k": ONE}, side=seals.fleet.hub)
    await seals.delivered({"k": TWO})
