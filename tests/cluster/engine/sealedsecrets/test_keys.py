# SPDX-License-Identifier: Apache-2.0
"""Each cluster's own sealing keys on real planes: made, found, renewed and taken out of use.

Most tests keep their keys in a namespace of their own, so that no other test sees them.
Source: compat/sealed-secrets.md 3.1, 3.2.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.cluster.engine.sealedsecrets.seals import Seals
from tests.cluster.engine.sides import Side, always, eventually

from keyfleet.base.sealing import KeyPair
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.engine.sealing.keysecrets import (
    DEFAULT_NAMESPACE,
    DEFAULT_PREFIX,
    KEY_LABEL,
    KeySecret,
    newest,
)
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.resources import EVENTS, SECRETS
from keyfleet.localplane import faults
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_secret

ONE, TWO = canary("one"), canary("two")
NO_KEY = "no key could decrypt secret"
BITS = 2048


def settings(seals: Seals) -> SealingSettings:
    """Keep keys in the test's own namespace."""
    return SealingSettings(namespace=seals.namespace, bits=BITS)


async def run(seals: Seals, *members: Side) -> None:
    """Start a controller that may reach that namespace."""
    await seals.run(*members, as_admin=True, sealing=settings(seals))


async def keys(seals: Seals, side: Side) -> tuple[KeySecret, ...]:
    return (await list_key_secrets(side.client, seals.namespace)).found


async def only_key(seals: Seals, side: Side) -> KeySecret:
    """Wait until a cluster has a key, and return it."""

    async def is_there() -> bool:
        return len(await keys(seals, side)) == 1

    await eventually(is_there, what=f"{side.context} has no key")
    return (await keys(seals, side))[0]


async def give(seals: Seals, pair: KeyPair, name: str = "brought", **how: object) -> None:
    """Put a key into east."""
    document = key_secret(pair, name, namespace=seals.namespace, **how)  # type: ignore[arg-type]
    await seals.east.client.create(SECRETS, document, namespace=seals.namespace)


async def label(seals: Seals, name: str, state: str | None) -> None:
    body = {"metadata": {"labels": {KEY_LABEL: state}}}
    await seals.east.client.merge_patch(SECRETS, name, body, namespace=seals.namespace)


async def test_each_cluster_gets_a_key_of_its_own(seals: Seals) -> None:
    """What is sealed for one cluster is useless in another."""
    await run(seals)
    east = await only_key(seals, seals.east)
    hub = await only_key(seals, seals.fleet.hub)
    assert east.fingerprint != hub.fingerprint
    assert await keys(seals, seals.fleet.west) == ()
    scope = f"{seals.namespace}/db".encode()
    await seals.put({"k": east.certificate.seal(SecretValue(ONE), scope)})
    await seals.delivered({"k": ONE})
    scope = f"{seals.namespace}/other".encode()
    await seals.put({"k": hub.certificate.seal(SecretValue(ONE), scope)}, "other")
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (k)", name="other")


async def test_a_new_key_is_told_of(seals: Seals) -> None:
    await run(seals)
    made = await only_key(seals, seals.east)

    async def is_told() -> bool:
        found = await seals.east.client.list(EVENTS, namespace=seals.namespace)
        told = [(one["reason"], one["regarding"]["name"]) for one in found.items]
        return ("SealingKeyMade", made.name) in told

    await eventually(is_told)


async def test_a_key_that_arrives_heals_what_did_not_open(
    seals: Seals, pairs: dict[str, KeyPair]
) -> None:
    await seals.put(seals.sealed({"k": ONE}, context="stranger"))
    await run(seals)
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (k)")
    await give(seals, pairs["stranger"])
    await seals.delivered({"k": ONE})


async def test_the_unlabelled_key_of_old_opens(seals: Seals, pairs: dict[str, KeyPair]) -> None:
    await give(seals, pairs["stranger"], DEFAULT_PREFIX, labels={})
    await seals.put(seals.sealed({"k": ONE}, context="stranger"))
    await run(seals)
    await seals.delivered({"k": ONE})
    assert [key.name for key in await keys(seals, seals.east)] == [DEFAULT_PREFIX]


async def test_a_key_that_is_taken_out_of_use_opens_no_more_and_is_replaced(
    seals: Seals, pairs: dict[str, KeyPair]
) -> None:
    await give(seals, pairs["stranger"])
    await seals.put(seals.sealed({"k": ONE}, context="stranger"))
    await run(seals)
    await seals.delivered({"k": ONE})
    await label(seals, "brought", "compromised")

    async def is_replaced() -> bool:
        found = await keys(seals, seals.east)
        return len(found) == 2 and newest(found) is not None

    await eventually(is_replaced)
    items = seals.sealed({"k": TWO}, "late", context="stranger")
    await seals.put(items, "late")
    await seals.says("False", "UnsealFailed", f"{NO_KEY} (k)", name="late")
    assert await seals.fleet.data(seals.east, "db") == {"k": ONE}
    await label(seals, "brought", "active")
    await seals.delivered({"k": TWO}, "late")


async def test_a_malformed_key_secret_harms_nothing(
    seals: Seals, pairs: dict[str, KeyPair]
) -> None:
    """Source: compat/sealed-secrets.md 3.1: upstream's controller crashes."""
    await give(seals, pairs["stranger"])
    garbage = {"tls.key": b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"}
    await seals.fleet.write_secret(
        seals.east, "garbage", {**garbage, "tls.crt": b"x"}, labels={KEY_LABEL: "active"}
    )
    await seals.fleet.write_secret(seals.east, "empty", {}, labels={KEY_LABEL: "active"})
    await seals.put(seals.sealed({"k": ONE}, context="stranger"))
    await run(seals)
    await seals.delivered({"k": ONE})

    async def is_told() -> bool:
        found = await seals.east.client.list(EVENTS, namespace=seals.namespace)
        told = {one["regarding"]["name"] for one in found.items if one["type"] == "Warning"}
        return {"garbage", "empty"} <= told

    await eventually(is_told)
    assert len(await keys(seals, seals.east)) == 1


async def test_a_restart_makes_no_new_key(seals: Seals) -> None:
    await run(seals)
    made = await only_key(seals, seals.east)
    await seals.fleet.end()
    await seals.again(as_admin=True, sealing=settings(seals))

    async def is_alone() -> bool:
        return [key.name for key in await keys(seals, seals.east)] == [made.name]

    await always(is_alone)


@pytest.mark.parametrize(
    "fault",
    [
        lambda when: faults.error(500, "InternalError", when=when),
        lambda when: faults.error(404, "NotFound", when=when),
        lambda when: faults.reset(when=when),
    ],
    ids=["failing", "absent", "reset"],
)
async def test_no_key_is_made_while_keys_cannot_be_listed(
    seals: Seals, pairs: dict[str, KeyPair], fault: Callable[[faults.When], faults.Fault]
) -> None:
    """An error is never absence."""
    await give(seals, pairs["stranger"])
    await seals.put(seals.sealed({"k": ONE}, context="stranger"))
    when = faults.both(faults.on("secrets", "GET"), faults.within(seals.namespace))
    seals.east.proxy.inject(fault(when))
    await run(seals)

    async def is_alone() -> bool:
        return len(await keys(seals, seals.east)) == 1

    await always(is_alone)
    await seals.east.proxy.heal()
    await seals.delivered({"k": ONE})
    assert await is_alone()


async def test_a_lost_answer_makes_no_second_key(seals: Seals) -> None:
    lost = faults.both(faults.on("secrets", "POST"), faults.within(seals.namespace))
    seals.east.proxy.inject(faults.answer_lost(when=lost, times=1))
    await run(seals)
    made = await only_key(seals, seals.east)
    await seals.put(
        {"k": made.certificate.seal(SecretValue(ONE), f"{seals.namespace}/db".encode())}
    )
    await seals.delivered({"k": ONE})
    assert len(await keys(seals, seals.east)) == 1


async def test_makes_no_key_in_a_cluster_that_is_paused(seals: Seals) -> None:
    await seals.fleet.declare(seals.east, paused=True)
    await seals.again(as_admin=True, sealing=settings(seals))
    await only_key(seals, seals.fleet.hub)

    async def is_empty() -> bool:
        return await keys(seals, seals.east) == ()

    await always(is_empty)


async def test_clusters_with_one_key_are_warned_of(seals: Seals, pairs: dict[str, KeyPair]) -> None:
    """Scopes do not separate such clusters any more."""
    await give(seals, pairs["stranger"])
    document = key_secret(pairs["stranger"], "brought", namespace=seals.namespace)
    await seals.fleet.hub.client.create(SECRETS, document, namespace=seals.namespace)
    await run(seals)

    async def is_told() -> bool:
        found = await seals.east.client.list(EVENTS, namespace=seals.namespace)
        return any(one["reason"] == "SealingKeyShared" for one in found.items)

    await eventually(is_told)


async def test_the_rights_that_are_shipped_are_enough_to_make_a_key(seals: Seals) -> None:
    """In kube-system, where upstream keeps them: a cut-off asks for a successor at once."""
    before = {key.name for key in (await list_key_secrets(seals.east.client)).found}
    cutoff = datetime.now(UTC)
    await seals.run(sealing=SealingSettings(bits=BITS, cutoff=cutoff))

    async def is_made() -> bool:
        found = await list_key_secrets(seals.east.client, DEFAULT_NAMESPACE)
        return len({key.name for key in found.found} - before) == 1

    await eventually(is_made)
    await seals.want({"k": ONE})
    await seals.delivered({"k": ONE})
