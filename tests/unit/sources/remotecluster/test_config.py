# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import CLUSTER_SECRET_STORE, SECRET_STORE, Store, StoreRef
from keyfleet.sources.remotecluster.config import OWN_SERVER, checked

SECRET = {"name": "login", "key": "token"}
TOKEN = {"token": {"bearerToken": SECRET}}
CERT = {"cert": {"clientCert": SECRET, "clientKey": SECRET}}
ACCOUNT = {"serviceAccount": {"name": "reader"}}


def store(kind: str = SECRET_STORE, **config: Any) -> Store:
    namespace = "team" if kind == SECRET_STORE else ""
    return Store(StoreRef(kind, "east", namespace), "kubernetes", config, "team")


@pytest.mark.parametrize("auth", [TOKEN, CERT, ACCOUNT])
def test_reads_the_default_namespace_of_the_own_server(auth: dict[str, Any]) -> None:
    config = checked(store(auth=auth))
    assert (config.remote_namespace, config.server.url) == ("default", OWN_SERVER)
    assert checked(store(auth=auth, server={"caBundle": "x"})).server.url == OWN_SERVER


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, "auth"),
        ({"auth": {}}, "auth"),
        ({"auth": {"oidc": {}}}, "auth"),
        ({"auth": TOKEN | ACCOUNT}, "auth.serviceAccount"),
        ({"auth": TOKEN, "authRef": SECRET}, "auth.token"),
        ({"auth": TOKEN, "server": {"url": ""}}, "server.url"),
        ({"auth": TOKEN, "remoteNamespace": ""}, "remoteNamespace"),
        ({"auth": TOKEN, "remoteNamespace": "a/../b"}, "remoteNamespace"),
        ({"auth": TOKEN, "remoteNamespace": ".."}, "remoteNamespace"),
        ({"auth": {"token": {"bearerToken": {"name": "a"}}}}, "auth.token.bearerToken.key"),
        ({"auth": {"token": {}}}, "auth.token"),
        ({"auth": {"cert": {"clientCert": SECRET}}}, "auth.cert"),
        (
            {"auth": {"cert": {"clientCert": {"key": "a"}, "clientKey": SECRET}}},
            "auth.cert.clientCert.name",
        ),
        ({"auth": ["token"]}, "auth"),
    ],
)
def test_refuses_what_cannot_work(config: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        checked(store(**config))
    assert (caught.value.code, caught.value.path) == ("store.invalid", path)


@pytest.mark.parametrize(("auth", "refused"), [(TOKEN, True), (CERT, True), (ACCOUNT, False)])
def test_wants_the_namespace_of_what_a_cluster_store_logs_in_with(
    auth: dict[str, Any], refused: bool
) -> None:
    """Tokens and certificates are never looked up where a manifest is, accounts may be."""
    declared = store(CLUSTER_SECRET_STORE, auth=auth)
    if not refused:
        checked(declared)
        return
    with pytest.raises(InvalidIntentError) as caught:
        checked(declared)
    assert caught.value.hint == "cluster scope requires namespace"
    named = {**SECRET, "namespace": "fleet"}
    checked(store(CLUSTER_SECRET_STORE, auth={"token": {"bearerToken": named}}))
    checked(store(CLUSTER_SECRET_STORE, authRef=SECRET))
