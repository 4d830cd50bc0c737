# SPDX-License-Identifier: Apache-2.0
"""The contexts of a kubeconfig as a fleet."""

import pytest

from keyfleet.base.errors import KeyfleetError
from keyfleet.inventory.kubeconfig import KubeconfigInventory
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig import Trust, parse

TEXT = b"""
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
contexts:
- {name: east, context: {cluster: c, user: u}}
- {name: Admin@Prod, context: {cluster: absent, user: u}}
"""


async def test_each_context_is_a_cluster_that_answers_to_its_context() -> None:
    config = parse(TEXT, origin="test", trust=Trust.OPERATOR)
    found = [item async for item in KubeconfigInventory(config, Surroundings()).clusters()]
    assert len(found) == 1
    east, prod = found[0]
    assert (east.name, prod.name) == ("east", "admin-prod-0d57c7")
    assert prod.aliases == {"Admin@Prod"}
    assert (east.is_bare, east.is_declared) == (True, False)
    assert (await east.open()).endpoint.server == "https://127.0.0.1:1"
    with pytest.raises(KeyfleetError):
        await prod.open()
