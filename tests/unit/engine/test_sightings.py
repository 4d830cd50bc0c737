# SPDX-License-Identifier: Apache-2.0
from keyfleet.engine.sightings import Sight, Sightings
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import StoreRef

EAST, WEST = (
    StoreRef("SecretStore", "aws", "shop", ClusterName(name)) for name in ("east", "west")
)


def test_the_first_sight_is_no_change() -> None:
    seen = Sightings()
    found = [seen.see(EAST, version) for version in ("1", "1", "2", "2")]
    assert found == [Sight.FIRST, Sight.SAME, Sight.CHANGED, Sight.SAME]


def test_what_is_not_there_changed_and_comes_back_as_new() -> None:
    seen = Sightings()
    assert [seen.see(EAST, version) for version in ("", "1", "", "1")] == [
        Sight.CHANGED,
        Sight.FIRST,
        Sight.CHANGED,
        Sight.FIRST,
    ]


def test_a_cluster_that_is_gone_is_forgotten() -> None:
    seen = Sightings()
    seen.see(EAST, "1")
    seen.see(WEST, "1")
    seen.forget(ClusterName("east"))
    assert (seen.see(EAST, "1"), seen.see(WEST, "1")) == (Sight.FIRST, Sight.SAME)
