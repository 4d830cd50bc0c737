# SPDX-License-Identifier: Apache-2.0
"""Names as the API server takes them."""

import re

import pytest

from keyfleet.model.v1alpha1 import common


@pytest.mark.parametrize("name", ["a", "a-b", "0", "a" * 63])
def test_takes_namespace_names(name: str) -> None:
    assert re.search(common.DNS_LABEL, name)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a.b", "a_b", "*", "a" * 64])
def test_refuses_what_is_no_namespace_name(name: str) -> None:
    assert not re.search(common.DNS_LABEL, name)


@pytest.mark.parametrize("name", ["*", "a"])
def test_takes_the_star_where_namespaces_are_chosen(name: str) -> None:
    assert re.search(common.CHOSEN_NAMESPACE, name)


@pytest.mark.parametrize("name", ["arn:aws:eks:eu:1:cluster/a", "a@b", "gke_p_z_c", "*"])
def test_takes_contexts_as_cluster_names(name: str) -> None:
    assert re.search(common.CHOSEN_CLUSTER, name)


def test_refuses_a_pattern_as_cluster_name() -> None:
    """Names match whole: `prod-*` would never match and must not look as if it did."""
    assert not re.search(common.CHOSEN_CLUSTER, "prod-*")


def test_says_every_pattern_in_words() -> None:
    patterns = {
        common.DNS_LABEL,
        common.DNS_SUBDOMAIN,
        common.CHOSEN_NAMESPACE,
        common.CHOSEN_CLUSTER,
        common.NO_STAR,
        common.DURATION,
        common.KEY_NAME,
        common.SOURCE_NAME,
    }
    assert patterns == set(common.PATTERN_WORDS)
