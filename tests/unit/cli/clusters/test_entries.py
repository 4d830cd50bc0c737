"""Clusters as `keyfleet clusters` shows them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from keyfleet.cli.clusters.entries import Entry, entry_of_contact, entry_of_document
from keyfleet.cli.clusters.listing import clusters_answer
from keyfleet.cli.clusters.trust import Accepted, trust_answer
from keyfleet.engine.identity import Identity
from keyfleet.engine.livefleet import Contact
from keyfleet.kube.access import Access
from keyfleet.model.places import ClusterName, ClusterUid
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def _never() -> Access:
    raise AssertionError


def _cluster(name: str, spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": "2026-11-20T09:00:00Z", "labels": {"env": "p"}}
    return {"metadata": metadata, "spec": spec, "status": status}


def _ready(status: str, reason: str, message: str = "") -> list[dict[str, str]]:
    return [{"type": "Ready", "status": status, "reason": reason, "message": message}]


SNAPSHOT = ClusterSnapshot(ClusterName("laptop"), _never, generation="Laptop")
ENTRIES = [
    entry_of_document(
        _cluster(
            "east",
            {"context": "east"},
            conditions=_ready("True", "Reachable"),
            version="v1.36.3",
            roles=["member"],
            identity={"uid": "uid-east"},
        )
    ),
    entry_of_document(
        _cluster(
            "west",
            {"kubeconfigRef": {"namespace": "fleet", "name": "west"}, "paused": True},
            conditions=_ready("False", "IdentityChanged", "another cluster answers"),
        )
    ),
    entry_of_document(_cluster("new", {"inCluster": True})),
    entry_of_contact(Contact(SNAPSHOT, None, Identity(ClusterUid("uid-1")), "v1.36.3")),
    entry_of_contact(
        Contact(SNAPSHOT, problem=Finding(State.UNREACHABLE, "Unreachable", "no answer"))
    ),
]


def test_golden(golden_answer: Callable[..., None]) -> None:
    golden_answer("clusters", clusters_answer(ENTRIES, NOW))


def test_golden_of_trust(golden_answer: Callable[..., None]) -> None:
    identity = Identity(ClusterUid("uid-new"))
    golden_answer("trust", trust_answer(Accepted(SNAPSHOT, identity, ("former",))))


def test_a_fleetcluster_that_nobody_looked_at_says_so() -> None:
    entry = entry_of_document(_cluster("new", {}))
    assert (entry.ready, entry.reason) == ("Unknown", "NotObserved")


def test_documents_leave_out_what_is_not_known() -> None:
    assert Entry("a").document() == {"name": "a", "ready": "Unknown"}
