# SPDX-License-Identifier: Apache-2.0
"""What is wrong is said with its cause, harms nobody else, and heals as soon as the cause does.

Source: compat/external-secrets.md 2.2, 2.5, 3.1, 3.2, 5.2.
"""

from typing import Any

import pytest
from tests.cluster.engine.externalsecrets.shop import Entries, Shop, data_of
from tests.cluster.engine.sides import always, unique

from keyfleet.kube.resources import (
    CLUSTERSECRETSTORES,
    FLEETPOLICIES,
    NAMESPACES,
    SECRETSTORES,
)
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")
FAILED = ("False", "SecretSyncedError")
AT_ONCE_S = 15.0
HUGE = {f"k{number}": canary(f"v{number}") + b"x" * 300_000 for number in range(4)}


async def refused(shop: Shop, entries: Entries, *words: str, **spec: Any) -> None:
    """See that a manifest fails with these words, before and after which its target stays."""
    await shop.fleet.write_secret(shop.east, "db", {"before": TWO})
    await shop.store(shop.east, entries)
    await shop.want(shop.east, **spec)
    await shop.run()
    await shop.says(shop.east, *FAILED, *words)
    await shop.heard(shop.east, "Warning", "UpdateFailed", *words)
    assert await shop.fleet.data(shop.east) == {"before": TWO}


# Stores


async def test_a_store_that_breaks_is_said_and_heals_its_readers_at_once(shop: Shop) -> None:
    broken = {"provider": {"fake": {"data": [{"key": "db", "value": ONE.decode()}]}}}
    broken["provider"]["fake"]["validationResult"] = 2  # type: ignore[assignment]
    await shop.put(shop.east, SECRETSTORES, "store", spec=broken)
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.says(
        shop.east, "False", "InvalidProviderConfig", "unable to", name="store", kind=SECRETSTORES
    )
    await shop.says(shop.east, *FAILED, 'SecretStore "store" is not ready')
    healed = {"provider": {"fake": {"validationResult": 0}}}
    await shop.edit(shop.east, healed, "store", SECRETSTORES)
    await shop.delivered({"password": ONE}, shop.east, timeout_s=AT_ONCE_S)
    await shop.says(shop.east, "True", "SecretSynced", timeout_s=AT_ONCE_S)
    await shop.says(shop.east, "True", "Valid", name="store", kind=SECRETSTORES)


async def test_a_store_that_nobody_could_validate_is_used(shop: Shop) -> None:
    doubtful = {"data": [{"key": "db", "value": ONE.decode()}], "validationResult": 1}
    await shop.put(shop.east, SECRETSTORES, "store", spec={"provider": {"fake": doubtful}})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.says(shop.east, "True", "ValidationUnknown", name="store", kind=SECRETSTORES)
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_missing_store_is_said_and_served_as_soon_as_it_comes(shop: Shop) -> None:
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.says(shop.east, *FAILED, 'could not get SecretStore "store"')
    await shop.store(shop.east, {"db": ONE})
    await shop.delivered({"password": ONE}, shop.east, timeout_s=AT_ONCE_S)


async def test_a_store_that_goes_leaves_what_was_delivered(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.remove(shop.east, "store", SECRETSTORES)
    await shop.says(shop.east, *FAILED, 'could not get SecretStore "store"')
    assert await shop.fleet.data(shop.east) == {"password": ONE}


@pytest.mark.parametrize("provider", ["gcpsm", "akeyless"])
async def test_a_provider_that_is_not_supported_is_named(shop: Shop, provider: str) -> None:
    spec = {"provider": {provider: {"projectID": "x", "auth": {}}}}
    await shop.put(shop.east, SECRETSTORES, "store", spec=spec)
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.says(
        shop.east, "False", "InvalidProviderConfig", provider, name="store", kind=SECRETSTORES
    )
    await shop.says(shop.east, *FAILED, provider)


async def test_what_another_controller_serves_is_left_alone(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE}, controller="another")
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.fleet.quiet()
    assert await shop.status(shop.east) == {}
    assert await shop.status(shop.east, "store", SECRETSTORES) == {}
    assert shop.writes(shop.east) == []
    await shop.edit(shop.east, {"controller": None}, "store", SECRETSTORES)
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_store_of_the_cluster_serves_whom_its_conditions_allow(shop: Shop) -> None:
    denied = [{"namespaces": ["elsewhere"]}]
    store = await shop.wide_store(shop.east, {"db": ONE}, conditions=denied)
    await shop.want(shop.east, {"password": "db"}, store=store, store_kind="ClusterSecretStore")
    await shop.run()
    why = f'using cluster store "{store}" is not allowed from namespace "{shop.namespace}"'
    await shop.says(shop.east, *FAILED, why, "denied by spec.condition")
    allowed = {"conditions": [{"namespaceSelector": {"matchLabels": {"team": "pay"}}}]}
    await shop.edit(shop.east, allowed, store, CLUSTERSECRETSTORES)
    await shop.east.client.merge_patch(
        NAMESPACES, shop.namespace, {"metadata": {"labels": {"team": "pay"}}}
    )
    await shop.delivered({"password": ONE}, shop.east)


async def test_entries_may_name_stores_of_their_own(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE}, "first")
    await shop.store(shop.east, {"db": TWO}, "second")
    data = data_of({"a": "db", "b": "db"})
    data[1]["sourceRef"] = {"storeRef": {"name": "second", "kind": "SecretStore"}}
    await shop.want(shop.east, store="first", data=data)
    await shop.run()
    await shop.delivered({"a": ONE, "b": TWO}, shop.east)


# Values


async def test_a_wrong_property_is_said(shop: Shop) -> None:
    words = ("spec.data[0] (key: db)",)
    await refused(shop, {"db": {"user": ONE}}, *words, keys={"password": "db#password"})


async def test_one_entry_that_fails_keeps_all_from_being_written(shop: Shop) -> None:
    await refused(shop, {"db": ONE}, "spec.data[1] (key: no)", keys={"good": "db", "bad": "no"})


async def test_keys_that_meet_after_conversion_are_said(shop: Shop) -> None:
    entries = {"db": {"a/b": ONE, "a:b": TWO}}
    words = ("spec.dataFrom[0]", "two keys become the same", "conversionStrategy: Unicode")
    await refused(shop, entries, *words, dataFrom=[{"extract": {"key": "db"}}])


async def test_what_is_no_base64_is_said(shop: Shop) -> None:
    data = data_of({"password": "db"})
    data[0]["remoteRef"]["decodingStrategy"] = "Base64"
    await refused(shop, {"db": ONE}, "spec.data[0]", "correct the value", data=data)


async def test_a_template_that_fails_is_said(shop: Shop) -> None:
    template = {"data": {"url": "{{ .absent }}"}}
    words = ("could not update secret", "could not apply template", "absent")
    await refused(shop, {"db": ONE}, *words, keys={"password": "db"}, target={"template": template})


async def test_what_is_too_large_is_said(shop: Shop) -> None:
    words = ("could not update secret", "deliver fewer keys")
    await refused(shop, HUGE, *words, keys={key: key for key in HUGE})


async def test_what_failed_is_right_as_soon_as_the_manifest_is(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "none"})
    await shop.run()
    await shop.says(shop.east, *FAILED)
    await shop.edit(shop.east, {"data": data_of({"password": "db"})})
    await shop.delivered({"password": ONE}, shop.east, timeout_s=AT_ONCE_S)
    await shop.synced(shop.east)


async def test_a_failure_does_not_loop(shop: Shop) -> None:
    """Asked again with growing pauses, told once."""
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "none"})
    await shop.run()
    await shop.says(shop.east, *FAILED)
    await shop.fleet.quiet()
    assert shop.calls.count <= 5
    assert len(await shop.events(shop.east)) == 1


# Others


async def test_one_that_fails_harms_no_other(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "none"}, "bad")
    await shop.want(shop.east, {"password": "db"}, "good")
    await shop.want(shop.east, {"password": "db"}, "worse", store="absent")
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east, name="good")
    await shop.synced(shop.east, name="good")
    await shop.says(shop.east, *FAILED, name="bad")
    await shop.says(shop.east, *FAILED, name="worse")


async def test_the_first_of_two_keeps_their_target(shop: Shop) -> None:
    await shop.store(shop.east, {"a": ONE, "b": TWO})
    await shop.want(shop.east, {"password": "a"}, "first", target={"name": "db"})
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.want(shop.east, {"password": "b"}, "second", target={"name": "db"})
    await shop.says(shop.east, *FAILED, "target is owned by another ExternalSecret", name="second")
    assert await shop.fleet.data(shop.east) == {"password": ONE}
    await shop.says(shop.east, "True", "SecretSynced", name="first")
    await shop.remove(shop.east, "first")
    await shop.delivered({"password": TWO}, shop.east)


async def forbid(shop: Shop, **rule: Any) -> str:
    """Let nothing from the store flow to staging; return the policy's name."""
    name = unique("flows")
    flow = {
        "name": "stays",
        "from": {"matchLabels": {"env": "production"}},
        "to": {"matchLabels": {"env": "staging"}},
        "action": "Deny",
        **rule,
    }
    source = {
        "clusters": {"names": ["*"]},
        "namespaces": {"names": ["*"]},
        "stores": {"names": ["store"]},
        "labels": {"env": "production"},
    }
    spec = {"flows": [flow], "sources": [source]}
    await shop.put(shop.fleet.hub, FLEETPOLICIES, name, spec=spec)
    return name


async def permit(shop: Shop, policy: str) -> None:
    await shop.fleet.hub.client.delete(FLEETPOLICIES, policy)


async def begin_in_staging(shop: Shop, **spec: Any) -> None:
    await shop.fleet.declare(shop.east, labels={"env": "staging"})
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, **spec)
    await shop.again()


async def test_a_policy_keeps_a_stores_values_out_of_a_member(shop: Shop) -> None:
    policy = await forbid(shop)
    await begin_in_staging(shop)
    await shop.says(shop.east, *FAILED, policy)

    async def absent() -> bool:
        return await shop.fleet.data(shop.east) is None

    await always(absent)
    await permit(shop, policy)
    await shop.delivered({"password": ONE}, shop.east)
    await shop.synced(shop.east)


@pytest.mark.parametrize("spec", [{}, {"refreshPolicy": "CreatedOnce"}])
async def test_a_policy_counts_for_what_rests_between_refreshes(
    shop: Shop, spec: dict[str, Any]
) -> None:
    await begin_in_staging(shop, **spec)
    await shop.synced(shop.east)
    policy = await forbid(shop)
    await shop.says(shop.east, *FAILED, policy)
    assert await shop.fleet.data(shop.east) == {"password": ONE}
    await permit(shop, policy)
    await shop.synced(shop.east)


async def test_a_policy_takes_away_what_rests_and_gives_it_back(shop: Shop) -> None:
    await begin_in_staging(shop)
    await shop.synced(shop.east)
    policy = await forbid(shop, onRefused="Delete")
    await shop.fleet.gone(shop.east)
    await permit(shop, policy)
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_policy_that_forbids_nothing_here_asks_no_store(shop: Shop) -> None:
    await begin_in_staging(shop)
    await shop.synced(shop.east)
    await forbid(shop, to={"matchLabels": {"env": "elsewhere"}})
    await shop.fleet.quiet()
    assert shop.calls.count == 1
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.count == 0
    assert shop.writes(shop.east) == []
