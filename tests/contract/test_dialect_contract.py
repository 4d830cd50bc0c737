# SPDX-License-Identifier: Apache-2.0
"""What every dialect promises, whatever its language."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet import builtin
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import ClusterResult, Outcome
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State
from keyfleet.plugin import Dialect, Kind, Report, Role, Translation

DOMAIN = "keyfleet.io"
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOTE_MAX = 1024

CASES = [
    pytest.param(dialect, kind, id=f"{dialect.name}-{kind.resource.kind}")
    for dialect in builtin.dialects(DOMAIN)
    for kind in dialect.kinds
    if kind.role is Role.INTENT
]
GOOD: dict[str, dict[str, Any]] = {
    "FleetSecret": {
        "spec": {
            "source": {"secretRef": {"name": "src"}},
            "placement": {"clusters": {"names": ["east"]}},
        }
    },
    "ExternalSecret": {
        "spec": {
            "secretStoreRef": {"name": "vault"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "db"}}],
        }
    },
    "SealedSecret": {
        "spec": {"encryptedData": {"password": "AgBy3i4OJSWK"}},
    },
    "Secret": {
        "metadata": {
            "annotations": {f"{DOMAIN}/enabled": "true", f"{DOMAIN}/targets": "east"},
        }
    },
}
"""One manifest of each kind that asks for something."""
FOREIGN_REASONS = {"ExternalSecret": "UpdateFailed", "SealedSecret": "ErrUnsealFailed"}
"""Another tool's kind has that tool's words for what is not understood."""
SOURCES = {*builtin.sources(), "store"}

words = st.sampled_from(["", "a", "name", "names", "clusters", "true", "east", "*", "\0", "ü"])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["spec", "source", "secretRef", "placement", "clusters", "name", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
manifests = st.fixed_dictionaries(
    {},
    optional={
        "spec": trees,
        "status": trees,
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "annotations": trees
                | st.dictionaries(
                    st.sampled_from([f"{DOMAIN}/{word}" for word in ("enabled", "targets", "x")]),
                    words,
                )
            },
        ),
    },
)


def origin(kind: Kind, *, cluster: str = "") -> Origin:
    """Return who asks."""
    name = kind.resource.kind
    return Origin("any", name, "pay", "db", "u1", 7, NOW, cluster=ClusterName(cluster))


def key(kind: Kind, *, cluster: str = "") -> IntentKey:
    """Return how the asking manifest is called inside."""
    return IntentKey(kind.resource.kind, "pay", "db", ClusterName(cluster))


def outcome(kind: Kind, state: State = State.IN_SYNC, *, revision: int = 3) -> Outcome:
    """Return how an intent stands in one cluster."""
    reason = "" if state is State.IN_SYNC else "Unmarked"
    result = ClusterResult(ClusterName("east"), state, reason, "told" * 500, 1, 1, revision)
    return Outcome(key(kind), 7, revision, "v1:k1:aa", (result,))


def everything_said(report: Report) -> str:
    """Return all texts of a report."""
    return repr((report.status, report.events))


def test_kinds_and_names_are_unique() -> None:
    dialects = builtin.dialects(DOMAIN)
    kinds = [kind.resource.label for dialect in dialects for kind in dialect.kinds]
    assert len(set(kinds)) == len(kinds)
    names = [dialect.name for dialect in dialects]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("dialect", "kind"), CASES)
def test_a_good_manifest_is_an_intent_under_its_own_key(dialect: Dialect, kind: Kind) -> None:
    found = dialect.translate(GOOD[kind.resource.kind], origin(kind))
    assert found.rejections == ()
    assert [intent.key for intent in found.intents] == [key(kind)]
    intent = found.intents[0]
    assert intent.origin == origin(kind)
    assert {read.source for read in intent.reads} <= SOURCES


@pytest.mark.parametrize(("dialect", "kind"), CASES)
@given(manifest=manifests)
def test_any_manifest_is_answered_and_left_as_it_was(
    dialect: Dialect, kind: Kind, manifest: dict[str, Any]
) -> None:
    before = copy.deepcopy(manifest)
    found = dialect.translate(manifest, origin(kind))
    assert manifest == before
    assert found == dialect.translate(manifest, origin(kind))
    assert not (found.intents and found.rejections)
    answered = [intent.key for intent in found.intents]
    answered += [rejection.key for rejection in found.rejections]
    assert set(answered) <= {key(kind)}
    assert all(one.reason and one.message for one in found.rejections)


@pytest.mark.parametrize(("dialect", "kind"), CASES)
def test_a_manifest_of_a_member_reaches_no_other_cluster(dialect: Dialect, kind: Kind) -> None:
    found: Translation = dialect.translate(GOOD[kind.resource.kind], origin(kind, cluster="east"))
    if not kind.is_for_members:
        assert found.intents == ()
        assert [one.key for one in found.rejections] == [key(kind, cluster="east")]
        return
    (intent,) = found.intents
    assert intent.key == key(kind, cluster="east")
    assert (intent.targets.clusters.names, intent.targets.clusters.is_by_name) == (("east",), True)
    assert {read.ref.cluster for read in intent.all_reads} == {"east"}


@pytest.mark.parametrize(("dialect", "kind"), CASES)
@pytest.mark.parametrize("state", list(State))
def test_an_unchanged_outcome_changes_no_status(dialect: Dialect, kind: Kind, state: State) -> None:
    first = dialect.report(outcome(kind, state), None, now=NOW)
    again = dialect.report(outcome(kind, state), first.status, now=LATER)
    assert again.status == first.status
    assert (first.status is not None) == kind.has_status
    if kind.has_status:
        assert again.events == ()


@pytest.mark.parametrize(("dialect", "kind"), CASES)
def test_a_rejection_is_told_and_keeps_what_was_delivered(dialect: Dialect, kind: Kind) -> None:
    delivered = dialect.report(outcome(kind), None, now=NOW)
    rejection = Rejection(key(kind), origin(kind), "UnknownField", "unknown", "spec.x", "drop it")
    report = dialect.report(rejection, delivered.status, now=LATER)
    reason = FOREIGN_REASONS.get(kind.resource.kind, "UnknownField")
    assert [(event.type, event.reason) for event in report.events] == [("Warning", reason)]
    assert "spec.x" in everything_said(report)
    before, after = delivered.status or {}, report.status or {}
    assert after.get("revision") == before.get("revision")
    assert after.get("clusters") == before.get("clusters")
    assert after.get("syncedResourceVersion") == before.get("syncedResourceVersion")


@pytest.mark.parametrize(("dialect", "kind"), CASES)
def test_notes_are_short_enough_for_an_event(dialect: Dialect, kind: Kind) -> None:
    report = dialect.report(outcome(kind, State.CONFLICT), None, now=NOW)
    assert [len(event.note) <= NOTE_MAX for event in report.events] == [True]


@pytest.mark.parametrize(("dialect", "kind"), CASES)
@given(before=st.none() | st.dictionaries(words, trees, max_size=3))
def test_a_damaged_status_is_written_anew(
    dialect: Dialect, kind: Kind, before: Mapping[str, Any] | None
) -> None:
    found = dialect.report(outcome(kind), before, now=NOW)
    again = dialect.report(outcome(kind), found.status, now=LATER)
    assert again.status == found.status
