# SPDX-License-Identifier: Apache-2.0
"""The shape of FleetSecret that scripts rely on."""

from typing import Any

from keyfleet.base.codec import decode_yaml
from keyfleet.model.intent import ConflictPolicy, DeletionPolicy, OnMissing, Replace
from keyfleet.model.rendering import MergePolicy, MissingKey
from keyfleet.model.v1alpha1 import FleetSecretSpec, FleetSecretStatus, parse_spec, to_document

FULL = b"""
spec:
  source:
    secretRef: {cluster: hub, namespace: payments, name: db-credentials}
    onMissing: Delete
  data: [{from: username, to: user}]
  template: {type: Opaque, metadata: {labels: {a: b}, annotations: {c: d}}}
  placement:
    clusters: {names: [east], selector: {matchLabels: {env: production}}, exclude: [west]}
    namespaces:
      names: [payments]
      selector: {matchExpressions: [{key: team, operator: In, values: [pay]}]}
      exclude: [legacy]
    name: db-credentials
  conflictPolicy: Adopt
  deletionPolicy: Retain
  replace: Recreate
  paused: true
"""
LEAST: dict[str, Any] = {"spec": {"source": {"secretRef": {"name": "db"}}, "placement": {}}}


def test_reads_every_field_of_the_contract() -> None:
    document = decode_yaml(FULL, subject="full")[0].content
    assert to_document(parse_spec(FleetSecretSpec, document)) == document["spec"] | {
        "sources": [],
        "delivery": {"kind": "Secret", "scope": None, "via": "Member"},
        "source": {
            "secretRef": {"cluster": "hub", "namespace": "payments", "name": "db-credentials"},
            "storeRef": None,
            "sealed": None,
            "key": None,
            "property": None,
            "version": None,
            "to": None,
            "refreshInterval": None,
            "onMissing": "Delete",
        },
        "template": {
            "type": "Opaque",
            "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
            "data": {},
            "templateFrom": [],
            "mergePolicy": "Replace",
            "functions": "sprig",
            "missingKey": "error",
        },
        "placement": {
            "clusters": {
                "names": ["east"],
                "selector": {"matchLabels": {"env": "production"}, "matchExpressions": []},
                "exclude": ["west"],
            },
            "namespaces": {
                "names": ["payments"],
                "selector": {
                    "matchLabels": {},
                    "matchExpressions": [{"key": "team", "operator": "In", "values": ["pay"]}],
                },
                "exclude": ["legacy"],
            },
            "name": "db-credentials",
        },
    }


def test_defaults_are_the_safe_ones() -> None:
    spec = parse_spec(FleetSecretSpec, LEAST)
    assert spec.source is not None
    assert spec.source.on_missing is OnMissing.RETAIN
    assert spec.conflict_policy is ConflictPolicy.REFUSE
    assert spec.deletion_policy is DeletionPolicy.DELETE
    assert spec.replace is Replace.REFUSE
    assert spec.data is None
    assert not spec.paused
    assert spec.template.merge_policy is MergePolicy.REPLACE
    assert spec.template.missing_key is MissingKey.ERROR


def test_an_empty_status_is_an_empty_object() -> None:
    assert to_document(FleetSecretStatus()) == {}
