# SPDX-License-Identifier: Apache-2.0
"""Sealed values in manifests, and the form of those that are delivered."""

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.sealing import Scope, load_certificate
from keyfleet.base.secret import SecretValue
from keyfleet.model.places import ClusterName
from keyfleet.model.sealed import SealedForm, SealedRead, Sealing, is_stamped
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair

RING = Keyring({"k1": bytes(32)})


def form(ring: Keyring = RING, fingerprint: str = "v1:k1:00") -> SealedForm:
    sealing = Sealing(load_certificate(key_pair("one").certificate), Scope.STRICT, ring)
    return SealedForm(sealing, "shop", "db", "Opaque", {}, {}, fingerprint, "print")


def test_a_read_says_where_it_is() -> None:
    read = SealedRead("shop", "db", {}, cluster=ClusterName("east"))
    assert (str(read), read.label) == ("east/shop/db", b"shop/db")


def test_the_same_values_are_sealed_otherwise_each_time() -> None:
    data = {"k": SecretValue(canary("one"))}
    assert form().spec(data) != form().spec(data)


def test_nothing_is_said_that_is_not_there() -> None:
    assert form().spec({}) == {
        "encryptedData": {},
        "template": {"metadata": {"name": "db", "namespace": "shop"}, "type": "Opaque"},
    }


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_a_stamp_is_of_one_spec_and_one_fingerprint(
    one: dict[str, str], two: dict[str, str]
) -> None:
    stamp = form().stamp(one)
    assert is_stamped(RING, one, "v1:k1:00", stamp)
    assert is_stamped(RING, two, "v1:k1:00", stamp) is (one == two)
    assert not is_stamped(RING, one, "v1:k1:01", stamp)


def test_a_key_of_this_run_stamps_nothing() -> None:
    ring = ephemeral_keyring()
    assert form(ring).stamp({}) == ""
    assert not is_stamped(ring, {}, "v1:k1:00", "")
