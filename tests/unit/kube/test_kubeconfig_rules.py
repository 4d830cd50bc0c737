# SPDX-License-Identifier: Apache-2.0
"""One row for each thing a kubeconfig must not say."""

from typing import Any

import pytest

from keyfleet.base import codec
from keyfleet.base.errors import DeniedError, InvalidInputError, UnsupportedError
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig import Trust, parse

SERVER = "https://api.example:6443"
PLUGIN = {
    "command": "login",
    "apiVersion": "client.authentication.k8s.io/v1",
    "interactiveMode": "Never",
}
CANARY = "kf-canary-value"


def _config(
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
) -> bytes:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": SERVER} if cluster is None else cluster}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": context or {"cluster": "c", "user": "u"}}],
    }
    return codec.encode_json(document)


def _exec(**changes: object) -> dict[str, Any]:
    return {
        "exec": {key: value for key, value in {**PLUGIN, **changes}.items() if value is not None}
    }


INVALID: list[tuple[str, bytes]] = [
    ("context_without_cluster", _config(context={"user": "u"})),
    ("context_without_user", _config(context={"cluster": "c"})),
    ("entry_not_found", _config(context={"cluster": CANARY, "user": "u"})),
    ("entry_not_found", _config(context={"cluster": "c", "user": CANARY})),
    ("namespace", _config(context={"cluster": "c", "user": "u", "namespace": "kf-canary.A"})),
    ("namespace", _config(context={"cluster": "c", "user": "u", "namespace": "a" * 64})),
    ("no_configuration", _config(cluster={})),
    ("no_server", _config(cluster={"tls-server-name": CANARY})),
    (
        "ca_twice",
        _config(
            {
                "server": SERVER,
                "certificate-authority": CANARY,
                "certificate-authority-data": "eA==",
            }
        ),
    ),
    (
        "insecure_with_ca",
        _config(
            {"server": SERVER, "insecure-skip-tls-verify": True, "certificate-authority": CANARY}
        ),
    ),
    ("file_unreadable", _config({"server": SERVER, "certificate-authority": f"/{CANARY}"})),
    ("relative_path", _config({"server": SERVER, "certificate-authority": CANARY})),
    ("value", _config({"server": SERVER, "certificate-authority-data": CANARY})),
    ("ca_invalid", _config({"server": SERVER, "certificate-authority-data": "eA=="})),
    ("two_methods", _config(user={"token": CANARY, "username": "me"})),
    ("two_methods", _config(user={"token": CANARY, "password": CANARY})),
    ("two_methods", _config(user={"tokenFile": CANARY, "username": "me"})),
    (
        "certificate_twice",
        _config(user={"client-certificate": CANARY, "client-certificate-data": CANARY}),
    ),
    ("key_twice", _config(user={"client-key": CANARY, "client-key-data": CANARY})),
    ("certificate_without_key", _config(user={"client-certificate-data": CANARY})),
    ("certificate_without_key", _config(user={"client-certificate": CANARY})),
    ("file_unreadable", _config(user={"client-certificate": f"/{CANARY}", "client-key": "/k"})),
    ("file_unreadable", _config(user={"tokenFile": f"/{CANARY}"})),
    ("value", _config(user={"token": f"{CANARY}\n"})),
    ("exec_and_provider", _config(user={**_exec(), "auth-provider": {"name": "oidc"}})),
    ("impersonation_without_user", _config(user={"as-uid": CANARY})),
    ("impersonation_without_user", _config(user={"as-groups": [CANARY]})),
    ("impersonation_without_user", _config(user={"as-user-extra": {"a": [CANARY]}})),
    ("value", _config(user={"as": f"{CANARY}\r\nAuthorization: x"})),
    ("exec_command", _config(user=_exec(command=None))),
    ("exec_version", _config(user=_exec(apiVersion=None))),
    ("exec_version", _config(user=_exec(apiVersion="client.authentication.k8s.io/v1alpha1"))),
    ("exec_mode", _config(user=_exec(interactiveMode=None))),
    ("exec_mode", _config(user=_exec(interactiveMode=CANARY))),
    ("exec_env", _config(user=_exec(env=[{"value": CANARY}]))),
    ("exec_env", _config(user={"token": CANARY, **_exec(env=[{"value": CANARY}])})),
    ("relative_path", _config(user=_exec(command=f"./{CANARY}"))),
]


@pytest.mark.parametrize(("code", "raw"), INVALID)
def test_what_is_broken_is_said_without_quoting_it(code: str, raw: bytes) -> None:
    config = parse(raw, origin="f", trust=Trust.OPERATOR)
    with pytest.raises(InvalidInputError) as caught:
        config.access("x", Surroundings())
    error = caught.value
    assert error.code == f"kubeconfig.{code}"
    assert "context x in f" in error.subject
    assert error.hint
    assert "kf-canary" not in error.diagnostics() + error.path


def test_v1beta1_need_not_write_its_mode() -> None:
    user = _exec(apiVersion="client.authentication.k8s.io/v1beta1", interactiveMode=None)
    parse(_config(user=user), origin="f", trust=Trust.OPERATOR).access("x", Surroundings())


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("gcp", "gke-gcloud-auth-plugin"),
        ("azure", "kubelogin"),
        ("oidc", "oidc-login"),
        ("x", "exec"),
    ],
)
def test_a_legacy_provider_names_its_replacement(name: str, replacement: str) -> None:
    raw = _config(user={"auth-provider": {"name": name, "config": {"id-token": CANARY}}})
    with pytest.raises(UnsupportedError) as caught:
        parse(raw, origin="f", trust=Trust.OPERATOR).access("x", Surroundings())
    assert replacement in caught.value.hint


REFUSED: list[tuple[str, bytes]] = [
    ("certificate-authority", _config({"server": SERVER, "certificate-authority": CANARY})),
    ("insecure-skip-tls-verify", _config({"server": SERVER, "insecure-skip-tls-verify": True})),
    ("server over plain http", _config({"server": "http://api.example"})),
    ("server over plain http", _config({"server": "api.example"})),
    ("server at a link-local address", _config({"server": "https://169.254.169.254"})),
    (
        "proxy-url at a link-local address",
        _config({"server": SERVER, "proxy-url": "http://[fe80::1]:3128"}),
    ),
    ("exec", _config(user=_exec())),
    ("exec", _config(user={"token": CANARY, **_exec()})),
    ("auth-provider", _config(user={"auth-provider": {"name": "gcp"}})),
    ("client-certificate", _config(user={"client-certificate": CANARY, "client-key-data": CANARY})),
    ("client-key", _config(user={"client-certificate-data": CANARY, "client-key": CANARY})),
    ("tokenFile", _config(user={"tokenFile": CANARY})),
    ("as", _config(user={"token": CANARY, "as": CANARY})),
    ("as-uid", _config(user={"as-uid": CANARY})),
    ("as-groups", _config(user={"as-groups": [CANARY]})),
    ("as-user-extra", _config(user={"as-user-extra": {CANARY: [CANARY]}})),
]


@pytest.mark.parametrize(("field", "raw"), REFUSED)
def test_a_foreign_kubeconfig_may_not_use(field: str, raw: bytes) -> None:
    with pytest.raises(DeniedError) as caught:
        parse(raw, origin="Secret a/b").access("x", Surroundings())
    assert caught.value.subject == f"{field}, context x in Secret a/b"
    assert "kf-canary" not in caught.value.diagnostics()


def test_what_an_unused_user_asks_for_does_not_matter() -> None:
    document = codec.decode_json(_config(user={"token": CANARY}), subject="")
    document["users"].append({"name": "other", "user": _exec()})
    access = parse(codec.encode_json(document), origin="s").access("x", Surroundings())
    assert access.endpoint.server == SERVER
