# SPDX-License-Identifier: Apache-2.0
"""Names are settled before any cluster is contacted."""

from keyfleet.engine.naming import with_settled_names
from keyfleet.kube.access import Access
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot


async def _open() -> Access:
    raise AssertionError


def snapshot(name: str, *aliases: str, uid: str = "") -> ClusterSnapshot:
    return ClusterSnapshot(ClusterName(name), _open, aliases=frozenset(aliases), pinned_uid=uid)


def aliases(*snapshots: ClusterSnapshot) -> dict[str, frozenset[str]]:
    return {str(name): found.aliases for name, found in with_settled_names(snapshots).items()}


def test_the_own_name_of_a_cluster_beats_the_alias_of_another() -> None:
    """Else a secret for `prod` would also go to a cluster whose context is called so."""
    found = aliases(snapshot("prod"), snapshot("staging", "prod", "stage"))
    assert found == {"prod": frozenset(), "staging": frozenset({"stage"})}


def test_entries_pinned_to_one_identity_answer_to_each_others_names() -> None:
    found = aliases(
        snapshot("east", "ctx-a", uid="u"), snapshot("twin", "ctx-b", uid="u"), snapshot("west")
    )
    assert found["east"] == frozenset({"twin", "ctx-a", "ctx-b"})
    assert found["twin"] == frozenset({"east", "ctx-a", "ctx-b"})
    assert found["west"] == frozenset()


def test_clusters_that_nobody_knows_yet_share_nothing() -> None:
    assert aliases(snapshot("a", "x"), snapshot("b", "y"))["a"] == frozenset({"x"})
