# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.keyring import Keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData, fingerprint, key_fingerprint
from keyfleet.model.places import ClusterName, IntentKey

RING = Keyring({"new": b"n" * 32, "old": b"o" * 32})
INTENT = IntentKey("FleetSecret", "payments", "db")
VALUE = SecretValue(b"kf-canary-value")
contents = st.dictionaries(st.text(max_size=3), st.binary(max_size=3), max_size=3)


def _print(data: dict[str, bytes], *, hub: str = "hub", intent: IntentKey = INTENT) -> str:
    values = {key: SecretValue(value) for key, value in data.items()}
    return fingerprint(RING, hub=hub, intent=intent, data=values)


def test_entries_are_the_leaves_of_the_first_level() -> None:
    data = SecretData({"a": VALUE, "tree": {"b": VALUE}, "list": (VALUE,)})
    assert data.entries() == {"a": VALUE}


@given(contents, contents)
def test_fingerprints_are_equal_exactly_for_equal_data(
    one: dict[str, bytes], two: dict[str, bytes]
) -> None:
    assert (_print(one) == _print(two)) is (one == two)


@given(contents)
def test_the_order_of_keys_does_not_matter(data: dict[str, bytes]) -> None:
    assert _print(dict(reversed(data.items()))) == _print(data)


@pytest.mark.parametrize(
    "other",
    [
        IntentKey("Secret", "payments", "db"),
        IntentKey("FleetSecret", "payment", "sdb"),
        IntentKey("FleetSecret", "payments", "db2"),
    ],
)
def test_the_same_data_looks_different_in_another_intent(other: IntentKey) -> None:
    """Nobody can tell from two fingerprints that two intents hold the same value."""
    assert _print({"a": b"kf-canary-x"}) != _print({"a": b"kf-canary-x"}, intent=other)


def test_the_same_data_looks_different_on_another_hub() -> None:
    assert _print({"a": b"kf-canary-x"}) != _print({"a": b"kf-canary-x"}, hub="other")


def test_a_stored_fingerprint_can_be_compared_under_its_own_key() -> None:
    data = {"a": VALUE}
    old = fingerprint(Keyring({"old": b"o" * 32}), hub="hub", intent=INTENT, data=data)
    assert fingerprint(RING, hub="hub", intent=INTENT, data=data) != old
    assert fingerprint(RING, hub="hub", intent=INTENT, data=data, key_id="old") == old


def test_one_key_has_the_fingerprint_of_data_with_that_key_alone() -> None:
    alone = key_fingerprint(RING, hub="hub", intent=INTENT, key="a", value=VALUE)
    assert alone == fingerprint(RING, hub="hub", intent=INTENT, data={"a": VALUE})
    assert alone != key_fingerprint(RING, hub="hub", intent=INTENT, key="b", value=VALUE)


def test_where_an_intent_was_found_does_not_change_its_fingerprint() -> None:
    """Design 4.1 binds to hub, kind, namespace and name."""
    found = IntentKey(INTENT.kind, INTENT.namespace, INTENT.name, ClusterName("east"))
    assert _print({"a": b"x"}, intent=found) == _print({"a": b"x"})


def test_data_shows_no_value() -> None:
    assert "kf-canary" not in repr(SecretData({"a": VALUE, "b": {"c": (VALUE,)}}))
