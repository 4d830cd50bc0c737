# SPDX-License-Identifier: Apache-2.0
"""Which manifests are told of, as their labels change."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import jitter

from keyfleet.base.log import NoHooks
from keyfleet.dialects import sealedsecrets
from keyfleet.engine.declarations.claims import Claims, for_members
from keyfleet.engine.declarations.declarations import Declarations, Manner
from keyfleet.engine.declarations.events import DeclarationEvents
from keyfleet.engine.hubobjects import Document
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.model.selectors import parse_selector
from keyfleet.plugin import Dialect
from keyfleet.testing.clock import FakeClock

OURS, THEIRS = {"tool": "keyfleet"}, {"tool": "other"}
KIND = SEALEDSECRETS.kind


class Heard(DeclarationEvents):
    """Notes what is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def manifest_changed(self, dialect: Dialect, origin: Origin, manifest: Document | None) -> None:
        del dialect
        self.told.append((origin.name, "gone" if manifest is None else "there"))

    def manifest_left(self, origin: Origin) -> None:
        self.told.append((origin.name, "left"))


def declarations_of(claims: Claims, heard: Heard) -> Declarations:
    return Declarations(
        FakeCluster(),
        for_members([sealedsecrets.DIALECT]),
        events=heard,
        manner=Manner(claims),
        means={"clock": FakeClock(), "random": jitter(), "hooks": NoHooks()},
        cluster=ClusterName("east"),
    )


def manifest(labels: Mapping[str, str], *, namespace: str = "shop", version: int = 1) -> Document:
    metadata = {"namespace": namespace, "name": "db", "uid": "u", "generation": version}
    body: dict[str, Any] = {"metadata": {**metadata, "labels": dict(labels)}, "spec": {}}
    return body


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, OURS, ["there"]),
        (None, THEIRS, []),
        (OURS, OURS, ["there"]),
        (THEIRS, THEIRS, []),
        (THEIRS, OURS, ["there"]),
        (OURS, THEIRS, ["left"]),
        (OURS, None, ["gone"]),
        (THEIRS, None, []),
    ],
)
def test_what_the_labels_leave_to_others_is_let_go_and_never_told_as_gone(
    old: dict[str, str] | None, new: dict[str, str] | None, told: list[str]
) -> None:
    heard = Heard()
    claims = Claims(labels={"sealed-secrets": parse_selector("tool=keyfleet")})
    before = manifest(old) if old is not None else None
    after = manifest(new, version=2) if new is not None else None
    # What the watch of the kind calls.
    declarations_of(claims, heard)._on_manifest(KIND, SEALEDSECRETS, ("shop", "db"), before, after)
    assert heard.told == [("db", word) for word in told]


def test_what_lies_in_another_namespace_is_never_told() -> None:
    heard = Heard()
    claims = Claims(namespaces={"sealed-secrets": frozenset({"shop"})})
    found = manifest(OURS, namespace="other")
    at = declarations_of(claims, heard)
    at._on_manifest(KIND, SEALEDSECRETS, ("other", "db"), None, found)
    at._on_manifest(KIND, SEALEDSECRETS, ("other", "db"), found, None)
    assert heard.told == []
