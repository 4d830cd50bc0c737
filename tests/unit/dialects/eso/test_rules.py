# SPDX-License-Identifier: Apache-2.0
"""What upstream's webhook refuses, in its words, and what cannot be done."""

from typing import Any

import pytest
from tests.unit.dialects.eso.manifests import ENTRY, intent_of, rejection_of

EXTRACT = {"extract": {"key": "db"}}
GENERATOR = {"generatorRef": {"kind": "Password", "name": "pw"}}


def data_from(**entry: Any) -> dict[str, Any]:
    return {"dataFrom": [entry]}


@pytest.mark.parametrize(
    ("spec", "path", "fragment"),
    [
        (
            {"target": {"deletionPolicy": "Delete", "creationPolicy": policy}},
            "spec.target.deletionPolicy",
            "deletionPolicy=Delete must not be used when the controller doesn't own the secret",
        )
        for policy in ("Merge", "None", "CreateOrMerge")
    ]
    + [
        (
            {"target": {"deletionPolicy": "Merge", "creationPolicy": "None"}},
            "spec.target.deletionPolicy",
            "deletionPolicy=Merge must not be used with creationPolicy=None",
        ),
        ({"data": None}, "spec", "either data or dataFrom should be specified"),
        (
            data_from(extract={"key": "a"}, find={"path": "b"}),
            "spec.dataFrom[0]",
            "extract, find, or generatorRef cannot be set at the same time",
        ),
        (
            data_from(extract={"key": "a"}, sourceRef=GENERATOR),
            "spec.dataFrom[0]",
            "extract, find, or generatorRef cannot be set at the same time",
        ),
        (
            data_from(rewrite=[]),
            "spec.dataFrom[0]",
            "either extract, find, or sourceRef must be set to dataFrom",
        ),
        (
            data_from(sourceRef={}),
            "spec.dataFrom[0].sourceRef",
            "generatorRef or storeRef must be set when using sourceRef in dataFrom",
        ),
        (
            data_from(sourceRef={**GENERATOR, "storeRef": {"name": "x"}}),
            "spec.dataFrom[0].sourceRef",
            "exactly one",
        ),
        (
            {"data": [ENTRY, ENTRY]},
            "spec.data[1].secretKey",
            "duplicate secretKey found: password",
        ),
        (
            data_from(**EXTRACT, rewrite=[{"regexp": {"source": "a", "target": "b"}}, {}]),
            "spec.dataFrom[0].rewrite[1]",
            "exactly one of merge, regexp and transform",
        ),
        (
            data_from(sourceRef={"generatorRef": {"kind": "Nothing", "name": "x"}}),
            "spec.dataFrom[0].sourceRef.generatorRef.kind",
            "no kind of generator",
        ),
        (
            {"target": {"template": {"templateFrom": [{"literal": "", "target": "spec.x"}]}}},
            "spec.target.template.templateFrom[0].target",
            'templateFrom target="spec.x" is not allowed when targeting a Secret, must be one of',
        ),
        (
            {"target": {"template": {"engineVersion": "v1"}}},
            "spec.target.template.engineVersion",
            "only v2",
        ),
        (
            {"secretStoreRef": None},
            "spec.data[0]",
            "neither the entry nor the manifest names a store",
        ),
        ({"refreshInterval": "1d"}, "spec.refreshInterval", "not a duration"),
        (
            {"target": {"creationPolicy": "Sometimes"}},
            "spec.target.creationPolicy",
            "",
        ),
        ({"data": [{"secretKey": "a/b", "remoteRef": {"key": "x"}}]}, "spec.data[0].secretKey", ""),
        ({"data": [{"secretKey": "a"}]}, "spec.data[0].remoteRef", "the field is missing"),
        ({"data": {"a": "b"}}, "spec.data", "expected a list"),
    ],
)
def test_refused(spec: dict[str, Any], path: str, fragment: str) -> None:
    rejection = rejection_of(spec)
    assert (rejection.reason, rejection.path) == ("InvalidSpec", path)
    assert fragment in rejection.message


@pytest.mark.parametrize(
    "secret_type",
    [
        "kubernetes.io/service-account-token",
        "bootstrap.kubernetes.io/token",
        "helm.sh/release.v1",
    ],
)
def test_types_that_are_authority_are_refused(secret_type: str) -> None:
    rejection = rejection_of({"target": {"template": {"type": secret_type}}})
    assert (rejection.reason, rejection.path) == ("SpecialType", "spec.target.template.type")


def test_other_kinds_of_targets_are_refused() -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap"}
    rejection = rejection_of({"target": {"manifest": manifest}})
    assert (rejection.reason, rejection.message) == ("GenericTarget", "invalid generic target")


def test_generators_that_nothing_makes_values_for_are_refused() -> None:
    source = {"generatorRef": {"kind": "Grafana", "name": "x"}}
    rejection = rejection_of(data_from(sourceRef=source))
    assert rejection.reason == "UnsupportedGenerator"
    assert rejection.path == "spec.dataFrom[0].sourceRef.generatorRef.kind"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    rejection = rejection_of({"data": [ENTRY, ENTRY], "dataFrom": [{}]})
    assert rejection.path == "spec.dataFrom[0]"
    assert rejection.message.endswith(
        "; spec.data[1].secretKey: duplicate secretKey found: password"
    )


@pytest.mark.parametrize(
    "spec",
    [
        {"target": {"deletionPolicy": "Merge", "creationPolicy": "Merge"}},
        {"target": {"deletionPolicy": "Delete", "creationPolicy": "Orphan"}},
        {"target": {"deletionPolicy": "Delete"}, "data": [ENTRY, ENTRY]},
        {"target": {"template": {"templateFrom": [{"literal": "a: b", "target": "LABELS"}]}}},
        {"target": {"template": {"templateFrom": [{"literal": "a: b", "target": ""}]}}},
        {"data": [{**ENTRY, "sourceRef": GENERATOR}]},
        {"refreshInterval": "-1s"},
        {"later": {"unknown": True}},
    ],
)
def test_taken_as_upstream_takes_it(spec: dict[str, Any]) -> None:
    assert intent_of(spec).reads
