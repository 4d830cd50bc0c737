# SPDX-License-Identifier: Apache-2.0
"""The manifests of a users' guide to External Secrets in several clusters, as printed.

They are Approach 1 and "Rotation" of the guide that is quoted in `tests/compat/eso/seed001`.
"""

from collections.abc import Iterator

import pytest
from tests.e2e.eso.aws import Account, arn
from tests.e2e.eso.conftest import NAMES
from tests.e2e.eso.shop import PRINTED, Shop, printed
from tests.e2e.harness import Program, Running, eventually

from keyfleet.kube.resources import SECRETSTORES
from keyfleet.localplane.fleet import LocalFleet

NAME = "database-credentials"
KEY = "prod/database/credentials"
OLD = {"username": "app", "password": "old", "connection_string": "app:old@db"}
NEW = {"username": "app", "password": "new", "connection_string": "app:new@db"}


def secret_of(remote: dict[str, str]) -> dict[str, str]:
    """Return what the printed manifest makes of the remote secret."""
    return {name.replace("_", "-"): text for name, text in remote.items()}


@pytest.fixture
def default(fleet: LocalFleet, controller: Running, aws: Account) -> Iterator[Shop]:
    """Namespace `default` of every cluster, with the ServiceAccount that the guide presumes."""
    assert controller.process.poll() is None
    shop = Shop(fleet, "default")
    aws.server.reset()
    for name in NAMES:
        shop.account(name, arn("external-secrets"))
    yield shop
    for plane in fleet.planes.values():
        for kind in ("externalsecrets", "secretstores"):
            path = f"/apis/external-secrets.io/v1/namespaces/default/{kind}"
            plane.api.must("DELETE", path)
        for kind in ("secrets", "serviceaccounts"):
            plane.api.must("DELETE", f"/api/v1/namespaces/default/{kind}")


def apply(user: Program, kubectl: str, *words: str, cluster: str) -> str:
    """Apply printed files as a user does."""
    done = user.run([kubectl, "--context", cluster, "apply", *words])
    assert done.code == 0, done.err
    return done.out


def files(*names: str) -> list[str]:
    return [word for name in names for word in ("-f", str(PRINTED / f"{name}.yaml"))]


def test_single_region(default: Shop, aws: Account, user: Program, kubectl: str) -> None:
    """One store and one ExternalSecret per cluster: the Secret in each, for one read in all."""
    aws.secret(KEY, OLD)
    for cluster in NAMES:
        apply(user, kubectl, *files("store", "externalsecret"), cluster=cluster)
    default.delivered(secret_of(OLD), *NAMES, name=NAME)
    for cluster in NAMES:
        default.synced(cluster, name=NAME)
        default.says(cluster, "True", "Valid", name="aws-secrets-manager", kind=SECRETSTORES)
    assert aws.server.count("AssumeRoleWithWebIdentity", arn("external-secrets")) == len(NAMES)
    shown = user.run([kubectl, "--context", "east", "get", "externalsecret", NAME]).out
    assert "SecretSynced" in shown
    # A value that changes at AWS, everywhere as soon as somebody asks.
    aws.secret(KEY, NEW)
    default.force_sync(*NAMES, name=NAME)
    default.delivered(secret_of(NEW), *NAMES, name=NAME)


def test_second_region(default: Shop, aws: Account, user: Program, kubectl: str) -> None:
    """A store per region reads its region: the same key has another value there."""
    aws.secret(KEY, OLD)
    aws.secret(KEY, NEW, region="us-west-2")
    for cluster in ("east", "west"):
        apply(user, kubectl, *files("store", "store-us-west", "externalsecret"), cluster=cluster)
        default.says(
            cluster, "True", "Valid", name="aws-secrets-manager-us-west", kind=SECRETSTORES
        )
    default.delivered(secret_of(OLD), "east", "west", name=NAME)
    there = printed("externalsecret")
    there["metadata"]["name"] = there["spec"]["target"]["name"] = "replica"
    there["spec"]["secretStoreRef"]["name"] = "aws-secrets-manager-us-west"
    default.put("west", there)
    default.delivered(secret_of(NEW), "west", name="replica")
    assert default.objects.read("east", "replica") is None
    default.delivered(secret_of(OLD), "east", "west", name=NAME)


def test_rotation(default: Shop, aws: Account, user: Program, kubectl: str) -> None:
    """The guide prints the fields that change, so they are merged into what is there."""
    aws.secret(KEY, OLD)
    for cluster in NAMES:
        apply(user, kubectl, *files("store", "externalsecret"), cluster=cluster)
    default.delivered(secret_of(OLD), *NAMES, name=NAME)
    kind = "externalsecrets.v1beta1.external-secrets.io"
    words = ("patch", kind, NAME, "--type", "merge", "--patch-file")
    for cluster in NAMES:
        place = ("--context", cluster, "-n", "default")
        done = user.run([kubectl, *place, *words, str(PRINTED / "rotation.yaml")])
        assert done.code == 0, done.err
        spec = default.get(cluster, NAME)["spec"]
        assert (spec["refreshInterval"], len(spec["data"])) == ("15m", 3)
        default.synced(cluster, name=NAME)
    aws.secret(KEY, NEW)
    for cluster in NAMES:
        default.merge(cluster, NAME, {"spec": {"refreshInterval": "2s"}})
    default.delivered(secret_of(NEW), *NAMES, name=NAME)
    # And once more, by the interval alone.
    aws.secret(KEY, OLD)
    default.delivered(secret_of(OLD), *NAMES, name=NAME)


def test_rotation_applied_alone_keeps_the_secret_and_says_what_is_missing(
    default: Shop, aws: Account, user: Program, kubectl: str
) -> None:
    """`kubectl apply` of the excerpt takes `spec.data` away: nothing is deleted for it."""
    aws.secret(KEY, OLD)
    apply(user, kubectl, *files("store", "externalsecret"), cluster="east")
    default.delivered(secret_of(OLD), "east", name=NAME)
    apply(user, kubectl, *files("rotation"), cluster="east")
    eventually(lambda: default.ready("east", NAME)[0] == "False")
    assert "either data or dataFrom should be specified" in default.ready("east", NAME)[2]
    assert default.objects.read("east", NAME) == secret_of(OLD)
