"""Which clusters the flags mean."""

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.options import Common
from keyfleet.model.places import ClusterFacts, ClusterName

FLEET = [
    ClusterFacts(ClusterName("east"), labels={"env": "production"}),
    ClusterFacts(ClusterName("west"), labels={"env": "staging"}),
    ClusterFacts(ClusterName("lab-1"), aliases=frozenset({"admin@Lab"})),
]


@pytest.mark.parametrize(
    ("common", "names"),
    [
        (Common(), None),
        (Common(cluster=("east",)), {"east"}),
        (Common(cluster=("*st",)), {"east", "west"}),
        (Common(cluster=("admin@Lab",)), {"lab-1"}),
        (Common(cluster_selector="env"), {"east", "west"}),
        (Common(cluster_selector="env=production"), {"east"}),
        (Common(cluster=("*",), cluster_selector="!env"), {"lab-1"}),
        (Common(cluster_selector="env=none"), set()),
    ],
)
def test_names_globs_and_labels(common: Common, names: set[str] | None) -> None:
    assert names == chosen_clusters(FLEET, common)


def test_a_name_that_no_cluster_has_is_a_usage_error() -> None:
    with pytest.raises(InvalidInputError, match="nort") as caught:
        chosen_clusters(FLEET, Common(cluster=("east", "nort*")))
    assert "east" in caught.value.hint


def test_a_selector_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(InvalidInputError):
        chosen_clusters(FLEET, Common(cluster_selector="env in"))
