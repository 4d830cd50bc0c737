# SPDX-License-Identifier: Apache-2.0
"""What each way to log in sends, and what is refused before anything is sent."""

from typing import Any

import msgspec
import pytest
from tests.unit.sources.vault.fakevault import (
    STATIC,
    Counted,
    FakeVault,
    References,
    Said,
    means,
    opened,
    serving,
    store,
)

from keyfleet.base.errors import (
    DeniedError,
    InvalidIntentError,
    KeyfleetError,
    UnreachableError,
)
from keyfleet.sources.vault import OPENBAO, PROVIDER
from keyfleet.testing.canary import canary, find_canary

SECRET = canary("credential").decode()
ANSWER = {"auth": {"client_token": canary("issued").decode(), "entity_id": "e", "policies": ["p"]}}
KEY = {"name": "cred", "key": "k"}
ACCOUNT = {"name": "robot"}


def references() -> References:
    text = f"{SECRET}\n".encode()
    return References({"cred": text, "robot": SECRET.encode(), "token": text})


async def log_in(fake: FakeVault, path: str, auth: dict[str, Any]) -> tuple[Any, References]:
    """Return the body that was posted, and what was asked of the references."""
    fake.say(f"POST {path}", ANSWER)
    known = references()
    async with opened(fake, auth=auth, references=known):
        pass
    sent = next(one for one in fake.heard if one.path == path)
    assert "X-Vault-Token" not in sent.headers
    return msgspec.json.decode(sent.body), known


@pytest.mark.parametrize(
    ("auth", "path", "body"),
    [
        (
            {"appRole": {"roleId": "r", "secretRef": KEY}},
            "auth/approle/login",
            {"role_id": "r", "secret_id": SECRET},
        ),
        (
            {"appRole": {"path": "team/role", "roleRef": KEY, "secretRef": KEY}},
            "auth/team/role/login",
            {"role_id": SECRET, "secret_id": SECRET},
        ),
        (
            {"kubernetes": {"role": "r", "serviceAccountRef": ACCOUNT}},
            "auth/kubernetes/login",
            {"role": "r", "jwt": SECRET},
        ),
        (
            {"kubernetes": {"role": "r", "mountPath": "k8s-east", "secretRef": KEY}},
            "auth/k8s-east/login",
            {"role": "r", "jwt": SECRET},
        ),
        (
            {"ldap": {"username": "ann", "secretRef": KEY}},
            "auth/ldap/login/ann",
            {"password": SECRET},
        ),
        (
            {"userPass": {"username": "a b", "path": "people", "secretRef": KEY}},
            "auth/people/login/a%20b",
            {"password": SECRET},
        ),
        (
            {"jwt": {"role": "r", "secretRef": KEY}},
            "auth/jwt/login",
            {"role": "r", "jwt": SECRET},
        ),
        (
            {"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": ACCOUNT}}},
            "auth/jwt/login",
            {"jwt": SECRET},
        ),
    ],
)
async def test_sends_what_the_method_wants(
    auth: dict[str, Any], path: str, body: dict[str, str]
) -> None:
    async with serving() as fake:
        sent, _ = await log_in(fake, path, auth)
        assert sent == body


async def test_tokens_of_service_accounts_have_the_audiences_of_upstream() -> None:
    places = {
        "kubernetes": {"role": "r", "serviceAccountRef": ACCOUNT},
        "jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": ACCOUNT}},
    }
    told = {}
    async with serving() as fake:
        for method, auth in places.items():
            _, known = await log_in(fake, f"auth/{method}/login", {method: auth})
            told[method] = [(one["audiences"], one["seconds"]) for _, one in known.asked]
        own = {"serviceAccountRef": ACCOUNT, "audiences": ["bao"], "expirationSeconds": 900}
        auth = {"jwt": {"kubernetesServiceAccountToken": own}}
        _, known = await log_in(fake, "auth/jwt/login", auth)
        told["own"] = [(one["audiences"], one["seconds"]) for _, one in known.asked]
    assert told == {
        "kubernetes": [((), 600)],
        "jwt": [(("vault",), 600)],
        "own": [(("bao",), 900)],
    }


async def test_the_first_method_in_upstreams_order_is_used() -> None:
    auth = {"userPass": {"username": "ann", "secretRef": KEY}, **STATIC}
    async with serving() as fake, opened(fake, auth=auth, references=references()):
        assert fake.requests == ["GET auth/token/lookup-self"]


@pytest.mark.parametrize(
    "said",
    [
        Said({"errors": [f"invalid role or secret ID {SECRET}"]}, 400),
        Said({"errors": ["permission denied"]}, 403),
        Said({"errors": ['no handler for route "auth/x"']}, 404),
        Said({"errors": []}, 404),
        Said({"data": {}}),
        Said({"auth": {"client_token": "", "mfa_requirement": {}}}),
        Said({"auth": {"client_token": f"{SECRET}\r\nX: y"}}),
        Said({"auth": None}),
    ],
)
async def test_a_refused_login_says_so(said: Said) -> None:
    counted = Counted()
    async with serving() as fake:
        fake.say("POST auth/approle/login", said)
        auth = {"appRole": {"roleId": "r", "secretRef": KEY}}
        with pytest.raises(DeniedError) as caught:
            async with opened(fake, auth=auth, references=references(), counted=counted):
                pass
    assert caught.value.code == "store.login_refused"
    assert not find_canary(repr(caught.value) + repr(caught.value.__context__))
    assert counted.names == ["Login"]


@pytest.mark.parametrize("status", [429, 500, 503, 473])
async def test_a_login_that_failed_for_now_is_tried_again(status: int) -> None:
    async with serving() as fake:
        fake.say("GET auth/token/lookup-self", Said({"errors": ["x"]}, status))
        with pytest.raises(KeyfleetError) as caught:
            async with opened(fake):
                pass
    assert caught.value.code in {"store.throttled", "store.unavailable", "store.standby"}


async def test_equal_identities_share_and_others_do_not() -> None:
    async def principal(**said: Any) -> str:
        async with serving() as fake:
            fake.say("GET auth/token/lookup-self", {"data": said})
            async with opened(fake) as session:
                return session.principal

    entity = await principal(entity_id="e", accessor="a1", policies=["y", "x"])
    assert entity == await principal(entity_id="e", accessor="a2", policies=["x", "y"])
    assert entity == await principal(entity_id="e", policies=["x"], identity_policies=["y"])
    others = [
        await principal(entity_id="f", policies=["x", "y"]),
        await principal(entity_id="e", policies=["x"]),
        await principal(entity_id="", accessor="a1", policies=["x", "y"]),
        await principal(entity_id="", accessor="a2", policies=["x", "y"]),
    ]
    assert len({entity, *others}) == 5
    assert await principal(entity_id="", accessor="", policies=["x"], display_name="e") == ""


async def test_headers_make_another_endpoint_and_do_not_show() -> None:
    async def endpoint(**headers: str) -> str:
        async with serving() as fake, opened(fake, headers=headers) as session:
            return session.endpoint.removeprefix(fake.url)

    assert await endpoint() == ""
    first, second = await endpoint(x="a"), await endpoint(x=SECRET)
    assert first != second
    assert first == await endpoint(x="a")
    assert not find_canary(second)


GOOD: dict[str, Any] = {"server": "https://vault:8200", "auth": STATIC}


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"server": "vault:8200"}, "server"),
        ({"server": "ftp://vault"}, "server"),
        ({"server": "https://u:p@vault"}, "server"),
        ({"server": "https://vault?x=y"}, "server"),
        ({"server": "http://169.254.169.254"}, "server"),
        ({"server": "https://vault:99999"}, "server"),
        ({"server": 7}, "server"),
        ({"version": "v3"}, "version"),
        ({"auth": {}}, "auth"),
        ({"auth": {"namespace": "x"}}, "auth"),
        ({"auth": {"appRole": {"secretRef": KEY}}}, "auth.appRole"),
        ({"auth": {"appRole": {"roleId": "r"}}}, "auth.appRole"),
        ({"auth": {"ldap": {"username": "x"}}}, "auth.ldap"),
        ({"auth": {"userPass": {"secretRef": KEY}}}, "auth.userPass"),
        ({"auth": {"jwt": {"role": "x"}}}, "auth.jwt"),
        ({"auth": {"cert": {"secretRef": KEY}}}, "auth.cert"),
        (
            {"server": "http://vault", "auth": {"cert": {"secretRef": KEY, "clientCert": KEY}}},
            "server",
        ),
        ({"tls": {"certSecretRef": KEY}}, "tls"),
        ({"headers": {"X-Vault-Token": "t"}}, "headers.X-Vault-Token"),
        ({"headers": {"X y": "t"}}, "headers"),
        ({"headers": {"X": "a\nb"}}, "headers"),
        ({"namespace": "a\r\nb"}, "namespace"),
    ],
)
def test_refuses_what_cannot_work(config: dict[str, Any], path: str) -> None:
    PROVIDER.check(store(GOOD))
    with pytest.raises(InvalidIntentError) as caught:
        PROVIDER.check(store(GOOD | config))
    assert (caught.value.code, caught.value.path) == ("store.invalid", path)


@pytest.mark.parametrize(
    ("auth", "path"),
    [
        ({"iam": {"vaultRole": "r"}}, "auth.iam"),
        ({"gcp": {"role": "r"}}, "auth.gcp"),
        ({"kubernetes": {"role": "r"}}, "auth.kubernetes"),
    ],
)
def test_refuses_what_it_cannot_do(auth: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        PROVIDER.check(store(GOOD | {"auth": auth}))
    assert (caught.value.code, caught.value.path) == ("store.unsupported", path)
    assert caught.value.hint


def test_open_bao_has_the_logins_of_upstreams_schema() -> None:
    OPENBAO.check(store(GOOD, provider="openBao"))
    other = {"auth": {"kubernetes": {"role": "r", "serviceAccountRef": ACCOUNT}}}
    with pytest.raises(InvalidIntentError) as caught:
        OPENBAO.check(store(GOOD | other, provider="openBao"))
    assert caught.value.code == "store.unsupported"


@pytest.mark.parametrize("credential", [b"", b"  \n", b"\xff\xfe"])
async def test_a_credential_that_is_no_text_is_refused(credential: bytes) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        await PROVIDER.open(store(GOOD), References({"token": credential}), means())
    assert caught.value.path == "auth.tokenSecretRef"


@pytest.mark.parametrize("username", ["", ".", "..", "a/b"])
async def test_a_user_whose_name_leads_elsewhere_is_refused(username: str) -> None:
    auth = {"userPass": {"username": username, "secretRef": KEY}}
    with pytest.raises(InvalidIntentError) as caught:
        await PROVIDER.open(store(GOOD | {"auth": auth}), references(), means())
    assert caught.value.path == "auth.userPass.username"


async def test_a_look_up_without_data_is_a_refused_login() -> None:
    async with serving() as fake:
        fake.say("GET auth/token/lookup-self", {"data": None})
        with pytest.raises(DeniedError):
            async with opened(fake):
                pass


async def test_unusable_authorities_and_certificates_are_refused() -> None:
    auth = {"cert": {"clientCert": KEY, "secretRef": KEY}}
    for config, known, path in (
        (GOOD, References(ca="no PEM"), "caBundle"),
        (GOOD | {"auth": auth}, references(), "tls"),
    ):
        with pytest.raises(InvalidIntentError) as caught:
            await PROVIDER.open(store(config), known, means())
        assert (caught.value.code, caught.value.path) == ("store.invalid", path)
        assert not find_canary(repr(caught.value) + repr(caught.value.__context__))


async def test_names_that_lead_off_limits_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: Any) -> list[dict[str, Any]]:
        return [{"host": "169.254.169.254"}]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", resolve)
    with pytest.raises(UnreachableError) as caught:
        await PROVIDER.open(store(GOOD | {"server": "http://vault"}), References(), means())
    assert "link-local" in caught.value.hint
