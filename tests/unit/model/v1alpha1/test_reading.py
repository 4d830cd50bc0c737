# SPDX-License-Identifier: Apache-2.0
"""Manifest files: one clear error with file, line and path."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.model.v1alpha1.reading import read_manifests

CANARY = "kf-canary-reading"
GOOD = b"""\
apiVersion: keyfleet.io/v1alpha1
kind: FleetSecret
metadata:
  name: db
  labels: {team: pay}
spec:
  source: {secretRef: {name: db}}
  data:
  - from: a
  - {from: b, to: c}
  placement:
    clusters:
      names: [east]
"""
CLUSTER = b"""\
apiVersion: keyfleet.io/v1alpha1
kind: FleetCluster
metadata: {name: east}
spec: {context: east}
"""
LIST = b"apiVersion: v1\nkind: List\nitems:\n- " + GOOD.replace(b"\n", b"\n  ")


def refused(raw: bytes) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        read_manifests(raw, "app.yaml")
    error = caught.value
    assert error.subject.startswith("app.yaml")
    assert CANARY not in f"{error!r} {error.diagnostics()}"
    assert error.__cause__ is None
    return error


def test_reads_documents_in_order_and_skips_empty_ones() -> None:
    manifests = read_manifests(CLUSTER + b"---\n---\n# nothing\n---\n" + GOOD, "app.yaml")
    assert [(found.kind, found.line) for found in manifests] == [
        ("FleetCluster", 1),
        ("FleetSecret", 9),
    ]


def test_reads_json() -> None:
    raw = (
        b'{"apiVersion": "keyfleet.io/v1alpha1", "kind": "FleetPolicy",'
        b' "metadata": {"name": "p"}, "spec": {}}'
    )
    assert read_manifests(raw, "p.json")[0].document["metadata"] == {"name": "p"}


def test_knows_the_line_of_a_field_and_of_what_holds_an_absent_one() -> None:
    manifest = read_manifests(GOOD, "app.yaml")[0]
    assert manifest.line_of("spec.data[1].to") == 10
    assert manifest.line_of("spec.placement.clusters.selector.matchLabels") == 12
    assert manifest.line_of("") == 1


@pytest.mark.parametrize("kind", [b"List", b"FleetSecretList"])
def test_unrolls_lists_and_keeps_their_lines(kind: bytes) -> None:
    manifest = read_manifests(LIST.replace(b"kind: List", b"kind: " + kind), "app.yaml")[0]
    assert (manifest.kind, manifest.line) == ("FleetSecret", 4)
    assert manifest.line_of("spec.data[1].to") == 13


@pytest.mark.parametrize(
    ("raw", "code", "subject"),
    [
        (b"", "input.empty", "app.yaml"),
        (b"# only a comment\n---\n", "input.empty", "app.yaml"),
        (b"kind: List\napiVersion: v1\nitems: []\n", "input.empty", "app.yaml"),
        (b"a: [kf-canary-reading", "input.yaml", "app.yaml"),
        (b"a: kf-canary-reading\n\xff", "input.encoding", "app.yaml"),
        (GOOD + b"kind: FleetSecret\n", "input.duplicate_key", "app.yaml"),
        (b"- kf-canary-reading\n", "input.manifest", "app.yaml:1"),
        (b"kf-canary-reading", "input.manifest", "app.yaml:1"),
        (b"kind: List\nitems:\n- 3\n", "input.manifest", "app.yaml:3"),
        (b"kind: List\nitems: 3\n", "input.manifest", "app.yaml:2: items"),
        (b"metadata: {name: a}\n", "input.manifest", "app.yaml:1: kind"),
        (GOOD.replace(b"FleetSecret", b"[a]"), "input.manifest", "app.yaml:2: kind"),
        (GOOD.replace(b"v1alpha1", b"v2"), "input.kind", "app.yaml:1: apiVersion"),
        (
            b"apiVersion: v1\nkind: Secret\nstringData: {a: kf-canary-reading}\n",
            "input.kind",
            "app.yaml:2: kind",
        ),
        (GOOD.replace(b"  name: db\n", b""), "intent.invalid", "app.yaml:3: metadata.name"),
        (GOOD.replace(b"name: db\n", b"name: Db\n"), "intent.invalid", "app.yaml:4: metadata.name"),
        (
            GOOD.replace(b"labels:", b"lables:"),
            "intent.unknown_field",
            "app.yaml:5: metadata.lables",
        ),
        (
            GOOD.replace(b"team: pay", b"team: 3"),
            "intent.invalid",
            "app.yaml:5: metadata.labels[...]",
        ),
        (
            GOOD.replace(b"to: c", b"too: kf-canary-reading"),
            "intent.unknown_field",
            "app.yaml:10: spec.data[1].too",
        ),
        (
            LIST.replace(b"names: [east]", b"names: kf-canary-reading"),
            "intent.invalid",
            "app.yaml:16: spec.placement.clusters.names",
        ),
        (GOOD + b"sepc: {}\n", "intent.unknown_field", "app.yaml:14: sepc"),
        (GOOD + b"  paused: .nan\n", "input.manifest", "app.yaml:14: spec.paused"),
        (CLUSTER.replace(b"context: east", b""), "intent.invalid", "app.yaml:4: spec"),
    ],
)
def test_says_what_is_wrong_and_where(raw: bytes, code: str, subject: str) -> None:
    error = refused(raw)
    assert (error.code, error.subject) == (code, subject)


def test_names_the_kinds_that_files_may_hold() -> None:
    error = refused(b"apiVersion: v1\nkind: Secret\n")
    kinds, elsewhere = error.hint.split("; ")
    assert kinds == "supported: FleetCluster, FleetPolicy, FleetSecret of keyfleet.io/v1alpha1"
    assert "kubectl apply" in elsewhere


def test_reads_keys_as_kubectl_does() -> None:
    """YAML makes numbers and booleans of some keys; JSON has only text."""
    raw = GOOD.replace(b"{team: pay}", b"{2: a, true: b}")
    labels = read_manifests(raw, "app.yaml")[0].document["metadata"]["labels"]
    assert labels == {"2": "a", "true": "b"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"a: !!bool kf-canary-reading")
@example(b"a: !!timestamp kf-canary-reading")
@example(b"&a [*a]")
@example(b"{? {a: b} : c}")
@example(b"[" * 5000)
def test_arbitrary_bytes_raise_only_input_errors(raw: bytes) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_manifests(raw, "fuzz.yaml")
    assert "kf-canary" not in f"{caught.value!r}"


@given(st.data())
def test_a_damaged_manifest_raises_only_input_errors(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    piece = data.draw(st.binary(max_size=6))
    with suppress(InvalidInputError):
        read_manifests(GOOD[:place] + piece + GOOD[place + len(piece) :], "fuzz.yaml")
