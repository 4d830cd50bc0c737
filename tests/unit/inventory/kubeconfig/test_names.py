# SPDX-License-Identifier: Apache-2.0
"""Names of clusters that come from contexts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.inventory.kubeconfig.names import cluster_name

OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@pytest.mark.parametrize("context", ["east", "a", "a-b.c-d", "0x"])
def test_a_context_that_is_an_object_name_keeps_it(context: str) -> None:
    assert cluster_name(context) == context


@pytest.mark.parametrize(
    ("context", "start"),
    [
        ("arn:aws:eks:eu-west-1:1234:cluster/prod", "arn-aws-eks-eu-west-1-1234-cluster-prod-"),
        ("gke_project_zone_name", "gke-project-zone-name-"),
        ("admin@Prod", "admin-prod-"),
        ("East", "east-"),
        ("-", "context-"),
        ("", "context-"),
        ("ü", "context-"),
    ],
)
def test_any_other_context_is_spelt_as_one_and_told_apart(context: str, start: str) -> None:
    assert re.fullmatch(re.escape(start) + "[0-9a-f]{6}", cluster_name(context))


@given(st.text(max_size=300))
def test_every_context_has_an_object_name(context: str) -> None:
    name = cluster_name(context)
    assert OBJECT_NAME.fullmatch(name)
    assert len(name) <= 253


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_contexts_have_two_names(one: str, other: str) -> None:
    assert (cluster_name(one) == cluster_name(other)) == (one == other)
