# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import HUB_UID

from keyfleet.base.errors import DeniedError, NotFoundError, PermanentError, UnreachableError
from keyfleet.base.keyring import KEY_BYTES
from keyfleet.base.secret import SecretValue
from keyfleet.engine.installation import (
    KEY_SECRET,
    ensure_keyring,
    keyring_of,
    laptop_installation,
    load_keyring,
)
from keyfleet.kube.resources import NAMESPACES, SECRETS
from keyfleet.model.ownership import FIRST_KEY_ANNOTATION, SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import START

FORBIDDEN = DeniedError("api.forbidden", "forbidden")


def key(name: str, size: int = KEY_BYTES) -> SecretValue:
    return SecretValue(canary(name).ljust(size, b".")[:size])


@pytest.fixture
def hub() -> FakeCluster:
    found = FakeCluster("hub", HUB_UID)
    found.put(NAMESPACES, SYSTEM_NAMESPACE)
    return found


def give(hub: FakeCluster, **keys: SecretValue) -> None:
    hub.put(SECRETS, KEY_SECRET, namespace=SYSTEM_NAMESPACE, type="Opaque", data=keys)


def test_the_greatest_id_signs_and_all_verify() -> None:
    ring = keyring_of({"20260101": key("a"), "20260301": key("c"), "20260201": key("b")})
    assert ring.signing_id == "20260301"
    old = keyring_of({"20260101": key("a")})
    assert ring.verify([b"x"], old.sign([b"x"]))


def test_keys_that_are_too_short_are_not_used() -> None:
    ring = keyring_of({"1": key("a"), "2": key("b", KEY_BYTES - 1)})
    assert list(ring.keys) == ["1"]


@pytest.mark.parametrize("data", [{}, {"1": key("a", KEY_BYTES - 1)}])
def test_without_a_usable_key_nothing_is_made_up(data: dict[str, SecretValue]) -> None:
    with pytest.raises(PermanentError) as caught:
        keyring_of(data)
    assert caught.value.code == "installation.key_invalid"


async def test_makes_the_first_key_and_finds_it_again(hub: FakeCluster) -> None:
    made = await ensure_keyring(hub, START)
    assert made.signing_id.startswith("20260101T")
    assert not made.ephemeral
    assert made == await ensure_keyring(hub, START)
    assert hub.writes() == ["apply"]


async def test_a_key_that_exists_is_left_as_it_is(hub: FakeCluster) -> None:
    give(hub, a=key("a"))
    assert (await ensure_keyring(hub, START)).signing_id == "a"
    assert hub.writes() == []


async def test_of_two_that_make_the_first_key_both_use_the_same(hub: FakeCluster) -> None:
    theirs = key("theirs")

    def first() -> None:
        metadata = {"annotations": {FIRST_KEY_ANNOTATION: "20260101"}}
        data = {"20260101": theirs}
        hub.put(
            SECRETS,
            KEY_SECRET,
            namespace=SYSTEM_NAMESPACE,
            metadata=metadata,
            type="Opaque",
            data=data,
        )

    hub.on_write = [first]
    ring = await ensure_keyring(hub, START)
    assert ring == keyring_of({"20260101": theirs})


async def test_a_damaged_key_is_not_replaced(hub: FakeCluster) -> None:
    give(hub, a=key("a", 5))
    with pytest.raises(PermanentError):
        await ensure_keyring(hub, START)
    assert hub.writes() == []


async def test_without_the_namespace_there_is_no_installation() -> None:
    with pytest.raises(NotFoundError):
        await ensure_keyring(FakeCluster("hub"), START)


async def test_the_controller_does_not_run_without_the_right_to_its_key(hub: FakeCluster) -> None:
    hub.errors["get Secret"] = [FORBIDDEN]
    with pytest.raises(DeniedError):
        await ensure_keyring(hub, START)


async def test_a_laptop_uses_the_installations_key_where_it_may(hub: FakeCluster) -> None:
    give(hub, a=key("a"))
    found = await laptop_installation(hub, HUB_UID)
    assert (found.hub, found.ring.signing_id, found.ring.ephemeral) == (HUB_UID, "a", False)


@pytest.mark.parametrize("error", [FORBIDDEN, None])
async def test_a_laptop_without_the_key_uses_one_of_the_run(
    hub: FakeCluster, error: DeniedError | None
) -> None:
    hub.errors["get Secret"] = [error]
    assert (await laptop_installation(hub, HUB_UID)).ring.ephemeral


async def test_a_hub_that_does_not_answer_is_not_a_hub_without_key(hub: FakeCluster) -> None:
    hub.errors["get Secret"] = [UnreachableError("api.timeout", "no answer")]
    with pytest.raises(UnreachableError):
        await load_keyring(hub)


async def test_a_key_made_anew_never_has_the_id_of_one_that_was_lost() -> None:
    """What the lost one signed is unverified then, and not taken for forged."""
    made = []
    for _ in range(2):
        hub = FakeCluster("hub", HUB_UID)
        hub.put(NAMESPACES, SYSTEM_NAMESPACE)
        made.append((await ensure_keyring(hub, START)).signing_id)
    assert made[0] != made[1]
