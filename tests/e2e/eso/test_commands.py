# SPDX-License-Identifier: Apache-2.0
"""What the commands say of ExternalSecrets: every line, of good ones and of bad ones."""

import pytest
from tests.e2e.eso.aws import Account, arn
from tests.e2e.eso.front import Front
from tests.e2e.eso.shop import PRINTED, Shop
from tests.e2e.harness import Program, eventually

JWT = {"jwt": {"serviceAccountRef": {"name": "external-secrets-sa"}}}


@pytest.fixture
def two(shop: Shop, aws: Account, ssm: Front) -> Shop:
    """The same manifest in east, where it is served, and in west, where its key is absent."""
    aws.server.reset()
    ssm.open()
    aws.parameter("/db", {"username": "app", "password": "one"})
    for cluster, key in (("east", "/db"), ("west", "/none")):
        shop.account(cluster, arn("external-secrets"))
        shop.store(
            cluster, {"aws": {"service": "ParameterStore", "region": "us-east-1", "auth": JWT}}
        )
        shop.want(cluster, {name: f"{key}#{name}" for name in ("username", "password")})
    shop.synced("east")
    shop.says("west", "False", "SecretSyncedError")
    return shop


def test_status_and_why_tell_each_cluster_s_own(keyfleet: Program, two: Shop) -> None:
    name = f"{two.namespace}/db"
    eventually(lambda: keyfleet("status", name, "--check").code == 1)
    status = keyfleet("status", "-n", two.namespace, "-o", "wide").out
    assert f"{name} in east" in status
    assert "spec.data[0] (key: /none)" in status
    here = f"names {two.namespace}; this is {two.namespace}"
    why = keyfleet("why", name, "-c", "east").out
    assert (
        why
        == f"""\
{name} in east
  It is there, type Opaque: delivered by Keyfleet, for ExternalSecret {name} in east, revision 1.
  ExternalSecret {name} in east, source east/{two.namespace}/store /db, wants it here:
    yes placement.clusters: cluster east; this is east
    yes placement.namespaces: {here} (kubernetes.io/metadata.name={two.namespace})
    yes placement.name: targets are called db
"""
    )
    there = keyfleet("why", name, "-c", "west").out
    assert "It is not there." in there
    assert f"ExternalSecret {name} in west" in there
    assert "in east" not in there


def test_files_with_manifests_of_members_are_sent_where_they_belong(keyfleet: Program) -> None:
    for command in ("validate", "plan", "apply"):
        found = keyfleet(command, "-f", str(PRINTED / "externalsecret.yaml"))
        assert found.code == 2
        assert "externalsecret.yaml:2: kind" in found.err
        assert "kubectl apply" in found.err


def test_what_keyfleet_itself_keeps_is_no_secret_of_the_fleet(keyfleet: Program, two: Shop) -> None:
    assert two.namespace in keyfleet("status").out
    assert "keyfleet-system" not in keyfleet("status").out
