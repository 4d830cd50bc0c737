# SPDX-License-Identifier: Apache-2.0
"""No manifest of a member reaches beyond it, whatever its dialect makes of it."""

from dataclasses import replace

import pytest
from tests.unit.engine.fakes import intent_of, key_of

from keyfleet.engine.declarations.home import at_home, is_stray
from keyfleet.model.intent import Intent, Read, SecretRef
from keyfleet.model.matchers import ChosenClusters, OneCluster, TheHub
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import How, Query, StoreRead, StoreRef
from keyfleet.plugin import Translation

EAST = ClusterName("east")
KEY = replace(key_of(kind="ExternalSecret"), cluster=EAST)


def found_in_east(**fields: object) -> Intent:
    """Return what a manifest of east asks for: a Secret of east, in east."""
    intent = intent_of(KEY, ref=SecretRef("payments", "src", EAST))
    here = replace(intent.targets, clusters=OneCluster(EAST))
    return replace(intent, targets=here, **fields)  # type: ignore[arg-type]


def store_read(cluster: str) -> Read:
    ref = StoreRef("SecretStore", "vault", "payments", ClusterName(cluster))
    return Read("store", StoreRead(ref, Query(How.VALUE, "a")))


def test_who_stays_at_home_is_let_be() -> None:
    intent = found_in_east(reads=(store_read("east"),))
    translation = Translation((intent,))
    assert at_home(translation) is translation


def test_the_hub_may_mean_every_cluster() -> None:
    assert not is_stray(intent_of(clusters=ChosenClusters(("*",))))


@pytest.mark.parametrize(
    "matcher",
    [
        ChosenClusters(("west",)),
        ChosenClusters(("east", "west")),
        ChosenClusters(("*",)),
        TheHub(),
    ],
)
def test_another_target_cluster_is_out_of_bounds(matcher: object) -> None:
    intent = found_in_east()
    targets = replace(intent.targets, clusters=matcher)  # type: ignore[arg-type]
    translation = at_home(Translation((replace(intent, targets=targets),)))
    assert translation.intents == ()
    (rejection,) = translation.rejections
    assert (rejection.key, rejection.reason) == (KEY, "OutOfBounds")
    assert "east" in rejection.message


@pytest.mark.parametrize(
    "read",
    [
        store_read(""),
        store_read("west"),
        Read("kubernetes", SecretRef("payments", "src")),
        Read("kubernetes", SecretRef("payments", "src", ClusterName("hub"))),
    ],
)
def test_a_source_or_template_of_another_cluster_is_out_of_bounds(read: Read) -> None:
    assert is_stray(found_in_east(reads=(read,)))
    assert is_stray(found_in_east(template_reads=(read,)))


def test_what_stays_at_home_stands_beside_what_does_not() -> None:
    stray = found_in_east(reads=(store_read("west"),))
    translation = at_home(Translation((found_in_east(), stray)))
    assert translation.intents == (found_in_east(),)
    assert len(translation.rejections) == 1
