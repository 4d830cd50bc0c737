# SPDX-License-Identifier: Apache-2.0
"""The examples mean what they say."""

from pathlib import Path

import pytest

from keyfleet.base.codec import decode_yaml
from keyfleet.dialects.annotated import dialect
from keyfleet.dialects.native import DIALECT
from keyfleet.engine.understanding import understood
from keyfleet.model.intent import Origin
from keyfleet.model.v1alpha1.reading import read_manifests

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "native"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "annotated-secret.yaml")


@pytest.mark.parametrize("name", FILES)
def test_is_understood(name: str) -> None:
    for manifest in read_manifests((FOLDER / name).read_bytes(), name):
        if manifest.kind == "FleetSecret":
            origin = Origin("native", manifest.kind, "payments", "db")
            assert understood(DIALECT, manifest.document, origin).intents


def test_the_annotated_secret_is_understood() -> None:
    path = FOLDER / "annotated-secret.yaml"
    document = decode_yaml(path.read_bytes(), subject=path.name)[0].content
    origin = Origin("annotated", "Secret", "payments", "api-key")
    assert dialect().translate(document, origin).intents
