# SPDX-License-Identifier: Apache-2.0
"""ExternalSecrets of both versions as intents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dialects.eso.manifests import external_secret, intent_of, origin, rejection_of

from keyfleet.dialects.eso.hashes import synced_version
from keyfleet.dialects.eso.kinds import WINDOWS_MAX
from keyfleet.dialects.eso.translate import translate
from keyfleet.model.intent import ConflictPolicy, DeletionPolicy, OnMissing
from keyfleet.model.matchers import ChosenNamespaces, OneCluster, TheHub
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.refresh import Refresh, RefreshPolicy, Standing
from keyfleet.model.windows import Window, WindowKind, Windows
from keyfleet.plugin import Translation

HOUR = timedelta(hours=1)


def test_a_manifest_of_a_member_means_its_own_namespace_there() -> None:
    found = intent_of(cluster="east")
    assert found.key == IntentKey("ExternalSecret", "shop", "db", ClusterName("east"))
    assert found.targets.clusters == OneCluster(ClusterName("east"))
    assert (found.targets.namespaces, found.targets.name) == (ChosenNamespaces(("shop",)), "db")


def test_a_manifest_of_the_hub_means_the_hub() -> None:
    found = intent_of({"target": {"name": "credentials"}})
    assert found.targets.clusters == TheHub()
    assert found.targets.name == "credentials"


@pytest.mark.parametrize(
    ("creation", "deletion", "on_missing", "on_deleted"),
    [
        ("Owner", "Retain", OnMissing.RETAIN, DeletionPolicy.DELETE),
        ("Owner", "Delete", OnMissing.DELETE, DeletionPolicy.DELETE),
        ("Owner", "Merge", OnMissing.RETAIN, DeletionPolicy.DELETE),
        ("Orphan", "Retain", OnMissing.RETAIN, DeletionPolicy.RETAIN),
        ("Orphan", "Delete", OnMissing.RETAIN, DeletionPolicy.RETAIN),
        ("Merge", "Merge", OnMissing.RETAIN, DeletionPolicy.RETAIN),
        ("CreateOrMerge", "Retain", OnMissing.RETAIN, DeletionPolicy.RETAIN),
        ("None", "Retain", OnMissing.RETAIN, DeletionPolicy.RETAIN),
    ],
)
def test_policies(
    creation: str, deletion: str, on_missing: OnMissing, on_deleted: DeletionPolicy
) -> None:
    target = {"creationPolicy": creation, "deletionPolicy": deletion}
    guard = intent_of({"target": target}).guard
    assert (guard.on_source_missing, guard.on_intent_deleted) == (on_missing, on_deleted)
    assert (guard.on_conflict, guard.takes_unmarked) == (ConflictPolicy.REFUSE, True)


@pytest.mark.parametrize(
    ("spec", "refresh"),
    [
        ({}, Refresh(RefreshPolicy.PERIODIC, HOUR)),
        ({"refreshInterval": "1h30m"}, Refresh(interval=timedelta(minutes=90))),
        ({"refreshInterval": "0"}, Refresh(interval=timedelta())),
        ({"refreshInterval": "-5s"}, Refresh(interval=timedelta(seconds=-5))),
        ({"refreshPolicy": "CreatedOnce"}, Refresh(RefreshPolicy.CREATED_ONCE, HOUR)),
        ({"refreshPolicy": "OnChange"}, Refresh(RefreshPolicy.ON_CHANGE, HOUR)),
    ],
)
def test_when_to_look_again(spec: dict[str, Any], refresh: Refresh) -> None:
    assert intent_of(spec).refresh == refresh


def test_windows_of_time() -> None:
    windows = [{"schedule": "0 8 * * *", "duration": "2h"}]
    found = intent_of({"syncWindows": {"kind": "deny", "windows": windows}}).refresh
    expected = Windows(WindowKind.DENY, (Window("0 8 * * *", timedelta(hours=2)),))
    assert found is not None
    assert found.windows == expected
    unknown = intent_of({"syncWindows": {"kind": "maybe", "windows": windows}}).refresh
    assert unknown is not None
    assert unknown.windows is None
    broken = {"kind": "allow", "windows": [{"schedule": "@daily", "duration": "x"}]}
    assert rejection_of({"syncWindows": broken}).path == "spec.syncWindows.windows[0].duration"


def test_what_was_said_last_tells_how_far_it_is() -> None:
    version = synced_version(2, labels={}, annotations={})
    status = {"refreshTime": "2026-11-21T20:08:34Z", "syncedResourceVersion": version}
    now = datetime(2026, 11, 21, 20, 8, 34, tzinfo=UTC)
    found = intent_of(status=status)
    assert (found.standing, found.version) == (Standing(now, True, True), version)
    forced = intent_of(status=status, annotations={"force-sync": "1"})
    assert forced.standing == Standing(now, True, False)
    assert forced.version == synced_version(2, labels={}, annotations={"force-sync": "1"})


@pytest.mark.parametrize(
    "status", [None, {}, "x", {"refreshTime": "soon"}, {"refreshTime": None}, {"refreshTime": 5}]
)
def test_a_status_that_says_nothing_counts_as_none(status: Any) -> None:
    assert intent_of(status=status).standing == Standing()


def test_v1beta1_and_its_defaults_mean_the_same() -> None:
    plain = intent_of()
    remote = {
        "key": "db",
        "property": "pw",
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }
    target = {
        "creationPolicy": "Owner",
        "deletionPolicy": "Retain",
        "template": {"engineVersion": "v2", "mergePolicy": "Replace"},
    }
    spec = {
        "data": [{"secretKey": "password", "remoteRef": remote}],
        "target": target,
        "refreshInterval": "1h0m0s",
        "secretStoreRef": {"name": "vault", "kind": "SecretStore"},
    }
    manifest = external_secret(spec) | {"apiVersion": "external-secrets.io/v1beta1"}
    (older,) = translate(manifest, origin()).intents
    assert (older.reads, older.shape.assembly, older.refresh, older.guard.on_source_missing) == (
        plain.reads,
        plain.shape.assembly,
        plain.refresh,
        plain.guard.on_source_missing,
    )
    assert older.shape.dress.manifest is not None
    assert older.shape.dress.manifest.api_version == "external-secrets.io/v1beta1"


def test_namespaces_that_are_not_ours_mean_nothing() -> None:
    manifest = external_secret()
    assert translate(manifest, origin(), namespaces={"other"}) == Translation()
    assert translate(manifest, origin(), namespaces={"shop"}).intents


def test_labels_and_requests_to_sync_come_along() -> None:
    found = intent_of(labels={"team": "x"}, annotations={"keyfleet.io/sync-requested": "t"})
    assert (found.labels, found.sync_requested) == ({"team": "x"}, "t")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["data", "dataFrom", "target", "secretStoreRef", "refreshInterval", "syncWindows"]
)


@given(st.dictionaries(FIELDS, JSON), JSON)
def test_whatever_is_written_gives_an_intent_or_a_reason(spec: Any, status: Any) -> None:
    found = translate(external_secret(spec, status=status), origin())
    assert len(found.intents) + len(found.rejections) == 1
    assert all(rejection.path.startswith("spec") for rejection in found.rejections)


@given(JSON)
def test_any_document_is_survived(document: Any) -> None:
    found = translate({"spec": document, "metadata": document}, origin())
    assert isinstance(found.intents + found.rejections, tuple)


def test_a_spec_is_needed() -> None:
    (rejection,) = translate({"metadata": {}}, origin()).rejections
    assert rejection.path == "spec"


@pytest.mark.parametrize(
    ("spec", "is_synced"), [({}, False), ({"refreshPolicy": "CreatedOnce"}, True)]
)
def test_what_failed_last_is_tried_anew_unless_it_is_to_be_done_once(
    spec: dict[str, Any], is_synced: bool
) -> None:
    failed = {"type": "Ready", "status": "False", "reason": "x", "message": "y"}
    status = {
        "refreshTime": "2026-11-21T10:00:00Z",
        "syncedResourceVersion": "1-a",
        "conditions": [failed],
    }
    assert intent_of(spec, status=status).standing.is_synced is is_synced


def test_so_many_windows_hold_up_nobody() -> None:
    """All of them are asked at each look at a manifest, on the loop that serves everybody."""
    windows = [{"schedule": "0 0 30 2 *", "duration": "1h"}] * (WINDOWS_MAX + 1)
    rejection = rejection_of({"syncWindows": {"kind": "allow", "windows": windows}})
    assert rejection.path == "spec.syncWindows.windows"


def test_a_manifest_without_end_is_not_looked_at() -> None:
    """It would be read anew, for a quarter of a second, whenever its status changes."""
    rewrite = [{"regexp": {"source": "a", "target": "b"}}] * 4000
    rejection = rejection_of({"dataFrom": [{"extract": {"key": "k"}, "rewrite": rewrite}]})
    assert rejection.path == "spec"
