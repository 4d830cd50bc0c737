# SPDX-License-Identifier: Apache-2.0
"""One fetch serves the fleet, by the provider's own log.

Eight real clusters hold the same hundred ExternalSecrets: a refresh costs a hundred reads, and
every store one login.
"""

import base64
import http.client
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.e2e.eso.aws import Account, arn
from tests.e2e.eso.shop import KINDS, Shop
from tests.e2e.harness import Program, eventually, isolated

from keyfleet.base import codec
from keyfleet.kube.resources import CRDS, EXTERNALSECRETS, SECRETS, SECRETSTORES
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.connections import client_context
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.manifests.eso import eso_crds
from keyfleet.testing.canary import CANARY_PREFIX

CLUSTERS = ("hub", *(f"m{number}" for number in range(1, 8)))
KEYS = [f"prod/{number:03}" for number in range(100)]
NAMESPACE = "cost"
JWT = {"jwt": {"serviceAccountRef": {"name": "external-secrets-sa"}}}
PROVIDER = {"aws": {"service": "SecretsManager", "region": "us-east-1", "auth": JWT}}


@pytest.fixture
def eight(tmp_path: Path) -> Iterator[tuple[Shop, Program]]:
    """Eight clusters that hold all manifests; nobody serves them yet."""
    fleet = LocalFleet(CLUSTERS)
    try:
        path = fleet.open().write_kubeconfig(tmp_path / "kubeconfig")
        program = Program(isolated(tmp_path, KUBECONFIG=str(path)), tmp_path)
        shop = Shop(fleet, NAMESPACE)
        with ThreadPoolExecutor(4) as pool:
            installed = pool.submit(program, "install", "--no-wait", "--dialect", "eso")
            list(pool.map(lambda name: serve(fleet.planes[name]), CLUSTERS[1:]))
            assert installed.result().code == 0
            list(pool.map(lambda name: fill(shop, name), CLUSTERS))
        yield shop, program
    finally:
        fleet.close()


def serve(plane: ControlPlane) -> None:
    """Install the two kinds in a member, as `install --dialect eso` does."""
    for crd in eso_crds():
        if crd["spec"]["names"]["kind"] in KINDS:
            plane.api.must("POST", CRDS.path(), crd)


def fill(shop: Shop, cluster: str) -> None:
    """Write a store and an ExternalSecret for each key."""
    plane = shop.fleet.planes[cluster]
    plane.create_namespace(NAMESPACE)
    for kind in KINDS.values():
        eventually(partial(is_served, plane, kind.path()))
    shop.account(cluster, arn("external-secrets"))
    shop.store(cluster, PROVIDER)
    post(plane, EXTERNALSECRETS.path(namespace=NAMESPACE), map(manifest, KEYS))


def is_served(plane: ControlPlane, path: str) -> bool:
    return plane.api.call("GET", path).status == http.client.OK


def manifest(key: str) -> dict[str, Any]:
    return {
        "apiVersion": EXTERNALSECRETS.api_version,
        "kind": EXTERNALSECRETS.kind,
        "metadata": {"name": name_of(key)},
        "spec": {
            "secretStoreRef": {"name": "store"},
            "data": [{"secretKey": "password", "remoteRef": {"key": key}}],
        },
    }


def name_of(key: str) -> str:
    return key.replace("/", "-")


def post(plane: ControlPlane, path: str, bodies: Iterable[Mapping[str, Any]]) -> None:
    """Create many objects over one connection."""
    context = client_context(plane.ca_pem)
    server = http.client.HTTPSConnection(urlsplit(plane.url).netloc, timeout=60, context=context)
    headers = {
        "Authorization": f"Bearer {plane.tokens['admin']}",
        "Content-Type": "application/json",
    }
    for body in bodies:
        server.request("POST", path, codec.encode_json(body), headers)
        answer = server.getresponse()
        answer.read()
        assert answer.status == http.client.CREATED
    server.close()


def held(shop: Shop, cluster: str) -> dict[str, str]:
    """Return what the delivered Secrets hold, in base64."""
    found = shop.fleet.planes[cluster].api.must("GET", SECRETS.path(namespace=NAMESPACE))["items"]
    return {one["metadata"]["name"]: one.get("data", {}).get("password", "") for one in found}


def holds(shop: Shop, cluster: str, wanted: dict[str, str]) -> bool:
    return held(shop, cluster) == wanted


def delivered(shop: Shop, version: str) -> None:
    """Wait until every cluster holds this version of every key."""
    wanted = {name_of(key): base64.b64encode(value(key, version)).decode() for key in KEYS}
    for cluster in CLUSTERS:
        eventually(partial(holds, shop, cluster, wanted), what=cluster)


def value(key: str, version: str) -> bytes:
    return f"{CANARY_PREFIX}{version}-{key}".encode()


def write(aws: Account, version: str) -> None:
    for key in KEYS:
        aws.secret(key, f"{version}-{key}")


def reads(aws: Account) -> Counter[str]:
    """Return how often each key was read, by moto's recording."""
    return Counter(one.name for one in aws.server.requests() if one.action == "GetSecretValue")


def refresh(shop: Shop) -> None:
    """Make everything due at about the same time, as a grid of moments does each interval.

    A store that is declared anew is logged in to anew, too.
    """
    note = {"spec": {"refreshInterval": 3600}}
    with ThreadPoolExecutor(len(CLUSTERS)) as pool:
        list(pool.map(lambda name: shop.merge(name, "store", note, SECRETSTORES), CLUSTERS))


def test_a_refresh_of_a_hundred_keys_in_eight_clusters_costs_a_hundred_reads(
    eight: tuple[Shop, Program], aws: Account
) -> None:
    shop, program = eight
    aws.server.reset()
    write(aws, "one")
    with program.running("run", "--listen", "127.0.0.1:0", AWS_ENDPOINT_URL=aws.server.url):
        delivered(shop, "one")
        assert reads(aws) == dict.fromkeys(KEYS, 1)
        assert aws.server.count("AssumeRoleWithWebIdentity") == len(CLUSTERS)
        write(aws, "two")
        refresh(shop)
        delivered(shop, "two")
        assert reads(aws) == dict.fromkeys(KEYS, 2)
        assert aws.server.count("AssumeRoleWithWebIdentity") == 2 * len(CLUSTERS)
