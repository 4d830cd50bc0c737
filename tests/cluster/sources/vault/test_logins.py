# SPDX-License-Identifier: Apache-2.0
"""Every way to log in, at a real server: one login, who it confirmed, and its end."""

import base64
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.cluster.sources.vault.stores import Place, ask, of
from tests.unit.sources.vault.fakevault import References, store

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.vault import Vault
from keyfleet.sources.vault import PROVIDER
from keyfleet.sources.vault.session import VaultSession
from keyfleet.testing.canary import canary, find_canary

PASSWORD = canary("userpass")
ROBOT = {"name": "robot"}


@pytest.fixture
def place(openbao: Vault) -> Place:
    place = Place(openbao)
    place.put("db", password=canary("held").decode())
    return place


async def works(place: Place, auth: dict[str, Any], mount: str, **config: Any) -> str:
    """Return the principal; one login, one read, and nothing is left of the token."""
    mark = place.server.mark()
    async with place.opened(auth, **config) as session:
        assert isinstance(session, VaultSession)
        assert await ask(session, of("db", "password")) == canary("held")
        token = session._login.identity.token
        assert token is not None
    asked = [
        (one.operation, one.path.partition("/login")[0]) for one in place.server.requests(mark)
    ]
    assert asked == [
        ("update", f"auth/{mount}"),
        ("read", f"{place.name}/data/db"),
        ("update", "auth/token/revoke-self"),
    ]
    spent = place.server.call("GET", "auth/token/lookup-self", token=token.reveal().decode())
    assert spent.status == 403
    assert place.counted.names[-3:] == ["Login", "ReadSecretData", "RevokeSelf"]
    assert f"policies default,{place.name};" in session.principal
    assert not find_canary(session.principal)
    return session.principal


async def is_refused(place: Place, auth: dict[str, Any], **config: Any) -> None:
    with pytest.raises(DeniedError) as caught:
        async with place.opened(auth, **config):
            pass
    assert caught.value.code == "store.login_refused"
    assert not find_canary(caught.value.diagnostics() + repr(caught.value.__context__))


def mounted(place: Place, kind: str) -> str:
    mount = f"{place.name}-{kind}"
    place.server.enable_auth(mount, kind)
    return mount


async def test_app_role(place: Place) -> None:
    mount = mounted(place, "approle")
    place.server.write(f"auth/{mount}/role/app", token_policies=[place.name])
    role = place.server.must("GET", f"auth/{mount}/role/app/role-id")["data"]["role_id"]
    answer = place.server.write(f"auth/{mount}/role/app/secret-id")
    place.credentials |= {"sid": answer["data"]["secret_id"].encode(), "role": role.encode()}
    secret = {"name": "sid", "key": "id"}
    first = await works(
        place, {"appRole": {"path": mount, "roleId": role, "secretRef": secret}}, mount
    )
    by_reference = {"path": mount, "roleRef": {"name": "role"}, "secretRef": secret}
    second = await works(place, {"appRole": by_reference}, mount)
    assert first == second, "one entity: answers may be shared"
    place.credentials["sid"] = canary("no-secret-id")
    await is_refused(place, {"appRole": by_reference})


async def test_user_and_password(place: Place) -> None:
    mount = mounted(place, "userpass")
    for user in ("ann", "bob"):
        path = f"auth/{mount}/users/{user}"
        place.server.write(path, password=PASSWORD.decode(), token_policies=[place.name])
    place.credentials["pw"] = PASSWORD + b"\n"

    def auth(user: str) -> dict[str, Any]:
        return {"userPass": {"path": mount, "username": user, "secretRef": {"name": "pw"}}}

    assert await works(place, auth("ann"), mount) != await works(place, auth("bob"), mount)
    place.credentials["pw"] = canary("wrong")
    await is_refused(place, auth("ann"))


def signed(key: ec.EllipticCurvePrivateKey, **claims: Any) -> bytes:
    """Return a JWT, ES256."""
    now = int(SystemClock().now().timestamp())
    whole = {"iss": "kf", "exp": now + 600, "nbf": now - 60, "iat": now - 60, **claims}
    parts = [msgspec.json.encode(one) for one in ({"alg": "ES256", "typ": "JWT"}, whole)]
    head = b".".join(base64.urlsafe_b64encode(one).rstrip(b"=") for one in parts)
    numbers = decode_dss_signature(key.sign(head, ec.ECDSA(hashes.SHA256())))
    raw = b"".join(number.to_bytes(32, "big") for number in numbers)
    return head + b"." + base64.urlsafe_b64encode(raw).rstrip(b"=")


async def test_jwt(place: Place) -> None:
    mount = mounted(place, "jwt")
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    place.server.write(f"auth/{mount}/config", jwt_validation_pubkeys=[public.decode()])
    place.server.write(
        f"auth/{mount}/role/app",
        role_type="jwt",
        bound_audiences=["vault"],
        user_claim="sub",
        token_policies=[place.name],
    )
    place.credentials["jwt"] = signed(key, sub="robot", aud="vault")
    auth = {"jwt": {"path": mount, "role": "app", "secretRef": {"name": "jwt"}}}
    await works(place, auth, mount)
    place.credentials["jwt"] = signed(key, sub="robot", aud="other")
    await is_refused(place, auth)


async def test_certificate_over_tls(place: Place, openbao: Vault) -> None:
    mount = mounted(place, "cert")
    openbao.write(
        f"auth/{mount}/certs/robot",
        certificate=openbao.authority.ca_pem.decode(),
        allowed_common_names=["robot"],
        token_policies=[place.name],
    )
    pair = openbao.authority.client("robot")
    place.credentials |= {"cert": pair.certificate_pem, "key": pair.key_pem}
    place.ca = openbao.authority.ca_pem.decode()
    part = {"path": mount, "clientCert": {"name": "cert"}, "secretRef": {"name": "key"}}
    await works(place, {"cert": part}, mount, server=openbao.tls_url)
    await works(place, {"cert": {**part, "vaultRole": "robot"}}, mount, server=openbao.tls_url)
    stranger = openbao.authority.client("stranger")
    place.credentials |= {"cert": stranger.certificate_pem, "key": stranger.key_pem}
    await is_refused(place, {"cert": part}, server=openbao.tls_url)


async def test_another_authority_is_not_trusted(place: Place, openbao: Vault) -> None:
    with pytest.raises(UnreachableError) as caught:
        async with place.opened(server=openbao.tls_url):
            pass
    assert caught.value.code == "store.tls"


async def test_kubernetes_reviews_the_token(
    place: Place, hub: ControlPlane, namespace: str
) -> None:
    mount = mounted(place, "kubernetes")
    for account in ("robot", "reviewer"):
        body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}
        hub.api.must("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", body)
    rbac = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": namespace},
        "roleRef": {**rbac, "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": namespace}],
    }
    hub.api.must("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    place.server.write(
        f"auth/{mount}/config",
        kubernetes_host=hub.url,
        kubernetes_ca_cert=hub.ca_pem.decode(),
        token_reviewer_jwt=hub.service_account_token(namespace, "reviewer"),
        disable_local_ca_jwt=True,
    )
    place.server.write(
        f"auth/{mount}/role/app",
        bound_service_account_names=["robot"],
        bound_service_account_namespaces=[namespace],
        token_policies=[place.name],
    )
    place.credentials["robot"] = hub.service_account_token(namespace, "robot").encode()
    part = {"mountPath": mount, "role": "app"}
    by_account = {"kubernetes": {**part, "serviceAccountRef": ROBOT}}
    by_secret = {"kubernetes": {**part, "secretRef": ROBOT}}
    assert await works(place, by_account, mount) == await works(place, by_secret, mount)
    place.credentials["robot"] = hub.service_account_token(namespace, "default").encode()
    await is_refused(place, by_account)


async def test_a_static_token_is_looked_up_and_kept(place: Place) -> None:
    async with place.opened() as session:
        first = session.principal
    assert first.startswith("accessor ")
    async with place.opened() as session:
        assert session.principal == first
    place.credentials["token"] = place.server.token(place.name).encode()
    async with place.opened() as session:
        assert session.principal != first, "another token without an entity is another principal"
    place.credentials["token"] = canary("no-token")
    await is_refused(place, {"tokenSecretRef": {"name": "token"}})


async def test_a_token_that_was_revoked_asks_for_a_new_login(place: Place) -> None:
    async with place.opened() as session:
        place.server.must(
            "POST", "auth/token/revoke", {"token": place.credentials["token"].decode()}
        )
        with pytest.raises(DeniedError) as caught:
            await ask(session, of("db"))
        assert caught.value.code == "store.denied"


async def test_a_missing_login_mount_is_a_refused_login(place: Place) -> None:
    auth = {"userPass": {"path": "not-there", "username": "x", "secretRef": {"name": "token"}}}
    await is_refused(place, auth)


async def test_short_logins_are_renewed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    mount = mounted(place, "userpass")
    place.server.write(
        f"auth/{mount}/users/ann",
        password=PASSWORD.decode(),
        token_policies=[place.name],
        token_ttl="20s",
        token_max_ttl="60s",
    )
    place.credentials["pw"] = PASSWORD
    auth = {"userPass": {"path": mount, "username": "ann", "secretRef": {"name": "pw"}}}
    # All its life counts as its last part: the first read renews.
    monkeypatch.setattr("keyfleet.sources.vault.login._RENEW_BELOW", 2)
    mark = place.server.mark()
    async with place.opened(auth) as session:
        await ask(session, of("db"))
    asked = [(one.path, one.ok) for one in place.server.requests(mark)]
    assert ("auth/token/renew-self", True) in asked


async def test_principals_do_not_depend_on_the_store(place: Place) -> None:
    declared = {"server": place.server.url, "auth": {"tokenSecretRef": {"name": "token"}}}
    references = References(place.credentials)
    sessions = [
        await PROVIDER.open(store(declared, name=name), references, place.means())
        for name in ("one", "two")
    ]
    assert sessions[0].principal == sessions[1].principal
    assert sessions[0].endpoint == sessions[1].endpoint
    for session in sessions:
        await session.close()
