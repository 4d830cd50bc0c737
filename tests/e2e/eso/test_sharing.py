# SPDX-License-Identifier: Apache-2.0
"""One fetch is for those whom the provider let in, and for nobody else, at no moment.

Two members hold the same declaration of a store; what it logs in with is good in east only.
"""

import base64
from collections.abc import Iterator

import pytest
from tests.e2e.eso.aws import Account
from tests.e2e.eso.front import Asked, Front, Held, let_through
from tests.e2e.eso.shop import Shop

from keyfleet.kube.resources import SECRETSTORES
from keyfleet.localplane.vault import Vault

ONE = {"password": "one"}
PARAMETERS = {
    "aws": {
        "service": "ParameterStore",
        "region": "us-east-1",
        "auth": {"jwt": {"serviceAccountRef": {"name": "external-secrets-sa"}}},
    }
}


READ = "ssm:GetParameter"


def is_read(asked: Asked) -> bool:
    return asked.headers.get("X-Amz-Target", "").endswith(".GetParameter")


@pytest.fixture
def guarded(aws: Account, shop: Shop, ssm: Front) -> Iterator[Shop]:
    """Both are logged in, and AWS looks at rights: only the role of east may read parameters."""
    aws.server.reset()
    ssm.open()
    aws.parameter("/prod/db", ONE)
    for cluster, role in (("east", aws.role("reader", READ)), ("west", aws.role("stranger"))):
        shop.account(cluster, role)
        shop.store(cluster, PARAMETERS)
        shop.says(cluster, "True", "Valid", name="store", kind=SECRETSTORES)
    aws.server.check_rights()
    yield shop
    aws.server.reset()


def test_a_role_without_rights_gets_nothing_of_what_another_role_reads(
    guarded: Shop, ssm: Front, aws: Account
) -> None:
    held = ssm.rule = Held(is_read)
    guarded.want("east", {"password": "/prod/db#password"})
    assert held.came.wait(60)
    # East's answer is on its way, and held; west asks for the same under the same declaration.
    ssm.rule = let_through
    guarded.want("west", {"password": "/prod/db#password"})
    told = guarded.says("west", "False", "SecretSyncedError", "spec.data[0] (key: /prod/db)")
    assert "GetParameter /prod/db; allow it in the policy" in told
    assert guarded.objects.read("west", "db") is None
    assert guarded.objects.read("east", "db") is None
    held.release()
    guarded.delivered(ONE, "east")
    guarded.synced("east")
    guarded.force_sync("east", "west")
    guarded.says("west", "False", "SecretSyncedError")
    assert guarded.objects.read("west", "db") is None
    readers = {one.access_key for one in aws.server.requests() if one.action == "GetParameter"}
    assert len(readers) == 2, "each asked with a login of its own"
    # Once its role may, the same manifest gets it.
    aws.server.ignore_rights()
    aws.role("stranger", READ)
    aws.server.check_rights()
    guarded.force_sync("west")
    guarded.delivered(ONE, "west")
    guarded.synced("west")


@pytest.fixture
def vault(openbao: Vault, shop: Shop) -> Iterator[Front]:
    """A real Vault with one secret; its token is good in east only."""
    mount = shop.namespace
    openbao.enable_engine(mount, "kv", options={"version": "2"})
    openbao.policy(mount, {f"{mount}/*": ["read"]})
    openbao.put("db", {"password": "kf-canary-one"}, mount=mount)
    token(shop, "east", openbao.token(mount))
    token(shop, "west", "hvs.never-given-out")
    with Front(openbao.url) as front:
        yield front


def token(shop: Shop, cluster: str, text: str) -> None:
    """Write the Secret that a store logs in with."""
    data = {"token": base64.b64encode(text.encode()).decode()}
    path = f"/api/v1/namespaces/{shop.namespace}/secrets"
    shop.fleet.planes[cluster].api.must("POST", path, {"metadata": {"name": "login"}, "data": data})


def test_a_token_that_vault_never_gave_out_gets_nothing(
    shop: Shop, vault: Front, openbao: Vault
) -> None:
    provider = {
        "vault": {
            "server": vault.url,
            "path": shop.namespace,
            "auth": {"tokenSecretRef": {"name": "login", "key": "token"}},
        }
    }
    held = vault.rule = Held(lambda asked: "/data/db" in asked.path)
    mark = openbao.mark()
    shop.store("east", provider)
    shop.want("east", {"password": "db#password"})
    assert held.came.wait(60)
    shop.store("west", provider)
    shop.want("west", {"password": "db#password"})
    shop.says(
        "west", "False", "InvalidProviderConfig", "not accept", name="store", kind=SECRETSTORES
    )
    shop.says("west", "False", "SecretSyncedError", 'SecretStore "store" is not ready')
    assert shop.objects.read("west", "db") is None
    held.release()
    shop.delivered(ONE, "east")
    shop.force_sync("east", "west")
    shop.synced("east")
    shop.says("west", "False", "SecretSyncedError", 'SecretStore "store" is not ready')
    assert shop.objects.read("west", "db") is None
    assert openbao.reads(f"{shop.namespace}/data/db", mark) in (1, 2), "by east alone"
