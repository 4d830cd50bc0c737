# SPDX-License-Identifier: Apache-2.0
"""What follows from where everything was read that a target is made of."""

from dataclasses import replace

from tests.unit.engine.fakes import EAST, HUB, INSTALLATION, OTHER_VALUE, VALUE, intent_of, key_of

from keyfleet.base.keyring import Keyring
from keyfleet.engine.material import fingerprint_under, reading_of
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Read, SecretRef
from keyfleet.model.ownership import Installation, Spot
from keyfleet.model.places import ClusterName

DB = Read("kubernetes", SecretRef("payments", "src"), "db")
MEMBER = Read("kubernetes", SecretRef("vault", "src", ClusterName("east")), "more")
TEXT = Read("kubernetes", SecretRef("payments", "own"))
MAP = Read("kubernetes", SecretRef("payments", "map", kind="ConfigMap"))
ONE, TWO = SecretData({"k": VALUE}), SecretData({"k": OTHER_VALUE})
INTENT = replace(intent_of(labels={"team": "pay"}), reads=(DB, MEMBER), template_reads=(MAP, TEXT))
CLUSTERS = (HUB, EAST, HUB, HUB)
READING = reading_of(INTENT, CLUSTERS, (ONE, TWO, ONE, TWO))


def test_templates_get_sources_by_name_and_texts_in_order() -> None:
    material = READING.material
    assert material.sources == {"db": ONE, "more": TWO}
    assert [(texts.ref, dict(texts.entries)) for texts in material.texts] == [
        (MAP.ref, {"k": VALUE}),
        (TEXT.ref, {"k": OTHER_VALUE}),
    ]


def test_no_secret_that_is_read_may_be_written() -> None:
    """Templates in a Secret are read too; a ConfigMap of the name is another object."""
    assert READING.spots == (
        Spot(HUB.uid, "payments", "src"),
        Spot(EAST.uid, "vault", "src"),
        Spot(HUB.uid, "payments", "own"),
    )


def test_all_secrets_are_in_the_lineage() -> None:
    lineage = READING.lineage(INSTALLATION)
    assert [(part.cluster, part.namespace) for part in lineage.parts] == [
        (HUB, "payments"),
        (EAST, "vault"),
        (HUB, "payments"),
    ]
    assert lineage.own == {"team": "pay"}
    assert len(lineage.parts) == len(INTENT.secret_reads)


def test_one_source_has_the_fingerprint_that_it_always_had() -> None:
    alone = reading_of(intent_of(), (HUB,), (ONE,))
    expected = fingerprint_under(INSTALLATION, key_of(), {"k": VALUE})
    assert alone.prints(INSTALLATION, {}) == (expected,)


def test_another_value_name_or_wording_is_another_source() -> None:
    swapped = reading_of(INTENT, CLUSTERS, (TWO, ONE, ONE, TWO))
    intent = replace(INTENT, reads=(replace(DB, name="x"), MEMBER))
    renamed = reading_of(intent, CLUSTERS, (ONE, TWO, ONE, TWO))
    prints = {
        READING.prints(INSTALLATION, {}),
        swapped.prints(INSTALLATION, {}),
        renamed.prints(INSTALLATION, {}),
        READING.prints(INSTALLATION, {"text Values k": VALUE}),
    }
    assert len(prints) == 4


def test_there_is_a_fingerprint_under_each_key() -> None:
    two = Installation(INSTALLATION.hub, Keyring({"new": b"n" * 32, **INSTALLATION.ring.keys}))
    assert READING.prints(two, {})[1:] == READING.prints(INSTALLATION, {})
