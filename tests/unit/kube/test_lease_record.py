# SPDX-License-Identifier: Apache-2.0
"""What a Lease says and what is written into it."""

from datetime import UTC, datetime

from keyfleet.kube.lease_record import LeaseRecord, held, new_lease, read_lease, released

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 10, 1, tzinfo=UTC)


def test_a_new_lease_is_held_by_nobody() -> None:
    assert read_lease(new_lease("keyfleet-system", "keyfleet")) == LeaseRecord()


def test_taking_names_the_holder_the_time_and_the_term() -> None:
    lease = held(new_lease("n", "l"), identity="a", duration_s=14.5, transitions=3, now=NOW)
    assert read_lease(lease) == LeaseRecord("a", 15.0, 3, "")
    assert lease["spec"]["acquireTime"] == lease["spec"]["renewTime"]
    assert lease["spec"]["renewTime"] == "2026-11-20T10:00:00.000000Z"


def test_renewing_keeps_when_it_was_acquired_and_what_others_wrote() -> None:
    first = held(new_lease("n", "l"), identity="a", duration_s=15, transitions=0, now=NOW)
    first["spec"]["strategy"] = "OldestEmulationVersion"
    second = held(first, identity="a", duration_s=15, transitions=0, now=LATER)
    assert second["spec"]["acquireTime"] == "2026-11-20T10:00:00.000000Z"
    assert second["spec"]["renewTime"] == "2026-11-20T10:01:00.000000Z"
    assert second["spec"]["strategy"] == "OldestEmulationVersion"


def test_a_released_lease_is_free_and_remembers_its_terms() -> None:
    lease = held(new_lease("n", "l"), identity="a", duration_s=15, transitions=3, now=NOW)
    assert read_lease(released(lease, now=LATER)) == LeaseRecord("", 1.0, 3, "")


def test_nulls_are_read_as_absent() -> None:
    spec = {"holderIdentity": None, "leaseDurationSeconds": None, "leaseTransitions": None}
    lease = {"metadata": {"resourceVersion": "7"}, "spec": spec}
    assert read_lease(lease) == LeaseRecord(version="7")
