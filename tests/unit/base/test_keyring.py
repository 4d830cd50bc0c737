# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.keyring import (
    KEY_BYTES,
    STORED,
    Keyring,
    ephemeral_keyring,
    lengths_prefixed,
    shown,
    split_digest,
)

OLD, NEW = b"o" * KEY_BYTES, b"n" * KEY_BYTES
RING = Keyring({"new": NEW, "old": OLD})

parts = st.lists(st.binary(max_size=4), max_size=4)


@given(parts, parts)
def test_different_lists_never_join_to_the_same_bytes(one: list[bytes], two: list[bytes]) -> None:
    assert (lengths_prefixed(one) == lengths_prefixed(two)) is (one == two)


@given(parts, parts)
def test_a_mac_is_valid_for_its_own_parts_alone(one: list[bytes], two: list[bytes]) -> None:
    assert RING.verify(one, RING.sign(one))
    assert RING.verify(two, RING.sign(one)) is (one == two)


@given(parts, st.integers(0, 70), st.sampled_from("0123456789abcdefgxé:"))
def test_a_changed_mac_is_invalid(content: list[bytes], index: int, letter: str) -> None:
    mac = RING.sign(content)
    changed = mac[:index] + letter + mac[index + 1 :]
    assert RING.verify(content, changed) is (changed == mac)


def test_the_first_key_signs_and_every_key_verifies() -> None:
    old, new = Keyring({"old": OLD}), Keyring({"new": NEW})
    assert RING.sign([b"x"]) == new.sign([b"x"])
    assert RING.verify([b"x"], old.sign([b"x"]))
    assert not old.verify([b"x"], new.sign([b"x"]))


def test_a_key_under_another_id_does_not_verify() -> None:
    stolen_id = Keyring({"old": NEW})
    assert not RING.verify([b"x"], stolen_id.sign([b"x"]))


@pytest.mark.parametrize("mac", ["", "v1:", "v1:new", "v1:new:", "v2:new:00", "new:00", "v1::00"])
def test_what_is_no_mac_is_invalid(mac: str) -> None:
    assert not RING.verify([b"x"], mac)
    assert not RING.knows(mac)


def test_digests_can_be_compared_under_an_older_key() -> None:
    stored = Keyring({"old": OLD}).digest([b"x"])
    assert RING.knows(stored)
    assert RING.digest([b"x"]) != stored
    assert RING.digest([b"x"], key_id=split_digest(stored)[0]) == stored


def test_a_digest_is_short_and_shown_shorter() -> None:
    digest = RING.digest([b"x"])
    assert len(split_digest(digest)[1]) == STORED
    assert shown(digest) == split_digest(digest)[1][:8]
    assert shown("anything") == ""


def test_a_key_of_the_run_signs_nothing_and_trusts_nothing() -> None:
    run = ephemeral_keyring()
    assert run.sign([b"x"]) == ""
    assert not run.verify([b"x"], Keyring(run.keys).sign([b"x"]))
    assert run.digest([b"x"]) == run.digest([b"x"])
    assert run.digest([b"x"]) != ephemeral_keyring().digest([b"x"])


def test_a_ring_does_not_show_its_keys() -> None:
    assert "oooo" not in f"{RING} {RING!r}"
