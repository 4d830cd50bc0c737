# SPDX-License-Identifier: Apache-2.0
"""Golden answers: manifests as users write them, what they mean, and what is reported back.

A case is a folder: `given.yaml` (the manifest), `outcome.yaml` (states by cluster, where it is
accepted), `intent.yaml` and `status.yaml` (the answers). Run this file with python to write the
answers anew, and look at the difference before you keep it.
"""

from pathlib import Path
from typing import Any

import pytest

from keyfleet.base.codec import decode_yaml, encode_yaml
from keyfleet.dialects.annotated import dialect
from keyfleet.dialects.native import DIALECT
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.outcome import ClusterResult, Outcome
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State
from keyfleet.model.rendering import Rendering, TemplateItem
from keyfleet.plugin import Dialect

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/given.yaml"))
NOW = "2026-11-20T10:00:00Z"


def load(path: Path) -> Any:
    return decode_yaml(path.read_bytes(), subject=path.name)[0].content


def dialect_of(manifest: dict[str, Any]) -> Dialect:
    return dialect() if manifest["kind"] == "Secret" else DIALECT


def origin_of(manifest: dict[str, Any]) -> Origin:
    metadata = manifest["metadata"]
    name = dialect_of(manifest).name
    return Origin(name, manifest["kind"], metadata["namespace"], metadata["name"], generation=1)


def meaning(manifest: dict[str, Any]) -> Intent | Rejection:
    translation = dialect_of(manifest).translate(manifest, origin_of(manifest))
    return translation.intents[0] if translation.intents else translation.rejections[0]


def shown(found: Intent | Rejection) -> dict[str, Any]:
    """Return an intent as a document that people can judge."""
    if isinstance(found, Rejection):
        fields = ("reason", "path", "message", "hint")
        return {"rejected": {name: getattr(found, name) for name in fields}}
    keys, rendering = found.shape.keys, found.shape.rendering
    return {
        "key": str(found.key),
        "reads": [f"{read.name} {read.ref}".lstrip() for read in found.reads],
        **({"rendering": rendered(found, rendering)} if rendering else {}),
        "shape": {
            "type": found.shape.type or "the source's",
            "keys": "all" if keys is None else [f"{key.origin} -> {key.target}" for key in keys],
            "labels": dict(found.shape.labels),
            "annotations": dict(found.shape.annotations),
        },
        "clusters": found.targets.clusters.describe(),
        "namespaces": found.targets.namespaces.describe(),
        "name": found.targets.name,
        "onConflict": found.guard.on_conflict.value,
        "onSourceMissing": found.guard.on_source_missing.value,
        "onIntentDeleted": found.guard.on_intent_deleted.value,
        "paused": found.rollout.paused,
    }


def rendered(intent: Intent, found: Rendering) -> dict[str, Any]:
    """Return what templates make, as a document."""
    refs = [read.ref for read in intent.template_reads]
    # A FleetSecret has no templates in line but those of `data`.
    items = [item for item in found.items if isinstance(item, TemplateItem)]
    texts = [f"{item.key} of {refs[item.read].kind} {refs[item.read]}" for item in items]
    return {
        "data": dict(found.data),
        "items": [f"{text} as {item.makes}" for text, item in zip(texts, items, strict=True)],
        "labels": dict(found.labels),
        "annotations": dict(found.annotations),
        "functions": found.functions.value,
        "missingKey": found.missing_key.value,
        "merge": found.merge.value,
    }


def answer(case: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    found = meaning(manifest)
    outcome = found if isinstance(found, Rejection) else outcome_of(case, found)
    report = dialect_of(manifest).report(outcome, manifest.get("status"), now=NOW)
    events = [f"{event.type} {event.reason}: {event.note}" for event in report.events]
    status = {} if report.status is None else {"status": dict(report.status)}
    return status | {"events": events}


def outcome_of(case: Path, intent: Intent) -> Outcome:
    results = tuple(
        ClusterResult(
            ClusterName(name),
            State(found["state"]),
            found.get("reason", ""),
            found.get("message", ""),
            targets=found.get("targets", 0),
            in_sync=found.get("inSync", 0),
            revision=found.get("revision", 0),
        )
        for name, found in load(case / "outcome.yaml").items()
    )
    return Outcome(
        intent.key, generation=1, revision=2, source_fingerprint="v1:k:0123", clusters=results
    )


@pytest.mark.parametrize("case", CASES)
def test_means_what_is_written(case: str) -> None:
    manifest = load(HERE / case / "given.yaml")
    assert load(HERE / case / "intent.yaml") == shown(meaning(manifest))


@pytest.mark.parametrize("case", CASES)
def test_reports_what_came_of_it(case: str) -> None:
    manifest = load(HERE / case / "given.yaml")
    assert load(HERE / case / "status.yaml") == answer(HERE / case, manifest)


def write() -> None:
    """Write the answers of every case."""
    for case in CASES:
        manifest = load(HERE / case / "given.yaml")
        (HERE / case / "intent.yaml").write_text(encode_yaml(shown(meaning(manifest))))
        (HERE / case / "status.yaml").write_text(encode_yaml(answer(HERE / case, manifest)))


if __name__ == "__main__":
    write()
