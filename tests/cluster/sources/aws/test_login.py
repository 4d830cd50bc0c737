# SPDX-License-Identifier: Apache-2.0
"""How stores log in to AWS, who that makes them, and what it costs."""

import json
from pathlib import Path

import pytest
from tests.cluster.sources.aws.conftest import Admin
from tests.cluster.sources.aws.stores import (
    IRSA,
    JWT,
    KEY_ID,
    SESSION,
    STATIC,
    Rig,
    ask,
)
from tests.cluster.sources.aws.stub import ARN, Stub, role

from keyfleet.base.errors import DeniedError, NotReadyError, UnreachableError
from keyfleet.localplane.moto import Moto
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import How, Query, StoreRef
from keyfleet.testing.canary import canary

ROLES = [f"arn:aws:iam::123456789012:role/{name}" for name in ("first", "second", "last")]
SECRET = canary("role-secret").decode()


def policy(action: str) -> str:
    """Return an IAM policy, of a user or role, that allows one action."""
    allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def sts_calls(moto: Moto) -> list[tuple[str, str]]:
    return [(one.action, one.name) for one in moto.requests() if one.service in ("", "sts")]


async def test_static_keys_cost_one_call_whatever_is_read(
    rig: Rig, moto: Moto, admin: Admin
) -> None:
    await (await admin("secretsmanager")).create_secret(Name="db", SecretString="1")
    session = await rig.open()
    assert await ask(session, Query(How.VALUE, "db")) == b"1"
    assert await ask(session, Query(How.VALUE, "db")) == b"1"
    assert session.principal == "arn:aws:sts::123456789012:user/moto"
    assert session.endpoint == f"SecretsManager eu-west-1 {moto.url}"
    assert sts_calls(moto) == [("GetCallerIdentity", "")]
    assert {one.access_key for one in moto.requests()} == {KEY_ID, "made-up"}


async def test_service_account_token_is_exchanged_without_asking_again(
    rig: Rig, moto: Moto
) -> None:
    session = await rig.open(auth={**JWT, **STATIC})
    assert session.principal.startswith(
        "arn:aws:sts::123456789012:assumed-role/irsa/external-secrets-provider-aws"
    )
    assert rig.references.tokens == [("reader", ("sts.amazonaws.com",), 600)]
    assert sts_calls(moto) == [("AssumeRoleWithWebIdentity", IRSA)]


async def test_annotations_choose_audience_and_role(rig: Rig, moto: Moto) -> None:
    rig.references.annotations["eks.amazonaws.com/audience"] = "china"
    rig.references.annotations["eks.amazonaws.com/role-arn"] = ROLES[0]
    await rig.open(auth=JWT)
    assert rig.references.tokens[0][1] == ("china",)
    assert sts_calls(moto) == [("AssumeRoleWithWebIdentity", ROLES[0])]


async def test_service_account_without_a_role_is_named(rig: Rig, moto: Moto) -> None:
    rig.references.annotations.clear()
    with pytest.raises(NotReadyError) as missing:
        await rig.open(auth=JWT)
    assert missing.value.code == "store.reference_missing"
    assert "auth.jwt.serviceAccountRef" in missing.value.subject
    assert "eks.amazonaws.com/role-arn" in missing.value.hint
    assert moto.requests() == []


@pytest.mark.parametrize("auth", [JWT, STATIC])
async def test_roles_are_assumed_in_order_and_the_last_asks_the_service(
    rig: Rig, moto: Moto, admin: Admin, auth: dict[str, object]
) -> None:
    await (await admin("ssm")).put_parameter(Name="/db", Value="1", Type="SecureString")
    moto_calls = len(moto.requests())
    session = await rig.open("ParameterStore", auth=auth, additionalRoles=ROLES[:2], role=ROLES[2])
    assert await ask(session, Query(How.VALUE, "/db")) == b"1"
    made = moto.requests()[moto_calls:]
    assumed = [one for one in made if one.action == "AssumeRole"]
    assert [one.name for one in assumed] == ROLES
    assert moto.count("GetCallerIdentity") == 0
    keys = [one.access_key for one in made if one.access_key]
    assert len(set(keys)) == len(keys), "each role signs with what the one before gave"
    assert "assumed-role/last/" in session.principal


async def test_a_role_lends_rights_that_the_keys_do_not_have(
    rig: Rig, moto: Moto, admin: Admin
) -> None:
    """Moto checks IAM policies here, so it is AWS' own answer that tells the principals apart."""
    await (await admin("secretsmanager")).create_secret(Name="db", SecretString="1")
    iam = await admin("iam")
    await iam.create_user(UserName="poor")
    made = (await iam.create_access_key(UserName="poor"))["AccessKey"]
    await iam.put_user_policy(
        UserName="poor", PolicyName="p", PolicyDocument=policy("sts:AssumeRole")
    )
    await iam.create_role(RoleName="last", AssumeRolePolicyDocument=policy("sts:AssumeRole"))
    await iam.put_role_policy(
        RoleName="last", PolicyName="p", PolicyDocument=policy("secretsmanager:GetSecretValue")
    )
    rig.references.secrets["id"] = made["AccessKeyId"].encode()
    rig.references.secrets["secret"] = made["SecretAccessKey"].encode()
    moto.check_rights()
    poor, rich = await rig.open(), await rig.open(role=ROLES[2])
    with pytest.raises(DeniedError) as denied:
        await ask(poor, Query(How.VALUE, "db"))
    assert denied.value.code == "store.denied"
    assert await ask(rich, Query(How.VALUE, "db")) == b"1"
    assert poor.principal == "arn:aws:iam::123456789012:user/poor"
    assert poor.principal != rich.principal


async def test_keys_that_aws_does_not_know_get_nothing(rig: Rig, moto: Moto) -> None:
    moto.check_rights()
    with pytest.raises(DeniedError) as refused:
        await rig.open()
    assert refused.value.code == "store.login_refused"
    assert "GetCallerIdentity" in refused.value.hint


async def test_role_gets_external_id_tags_and_transitive_keys(stubbed: Rig, stub: Stub) -> None:
    stub.put("AssumeRole", role("AssumeRole", ARN, key_id="ASIAROLE", secret=SECRET))
    session = await stubbed.open(
        additionalRoles=ROLES[:1],
        role=ROLES[2],
        externalID="external",
        sessionTags=[{"key": "team", "value": "pay"}, {"key": "esoStoreName", "value": "forged"}],
        sessionTagsPolicy="Custom",
        customSessionTags={"cost": "1"},
        transitiveTagKeys=["team"],
    )
    (_, first), (_, last) = stub.asked
    assert not [name for name in first if name.startswith(("Tags", "ExternalId", "Transitive"))]
    assert last["RoleSessionName"] == "external-secrets-provider-aws"
    assert last["ExternalId"] == "external"
    assert last["TransitiveTagKeys.member.1"] == "team"
    tags = {
        last[f"Tags.member.{index}.Key"]: last[f"Tags.member.{index}.Value"]
        for index in range(1, 6)
    }
    assert tags == {
        "team": "pay",
        "cost": "1",
        "esoNamespace": "team",
        "esoStoreName": "aws",
        "esoStoreKind": "SecretStore",
    }
    assert session.principal.startswith(f"{ARN} tag%20cost=1 ")


async def test_tags_tell_principals_apart(stubbed: Rig, stub: Stub) -> None:
    """AWS confirms the same ARN for both, but policies may grant them different secrets."""
    stub.put("AssumeRole", role("AssumeRole", ARN, key_id="ASIAROLE", secret=SECRET))
    tags = [{"key": "team", "value": "pay"}]
    plain = await stubbed.open(role=ROLES[0])
    tagged = await stubbed.open(role=ROLES[0], sessionTags=tags)
    again = await stubbed.open(role=ROLES[0], sessionTags=tags)
    assert plain.principal != tagged.principal
    assert tagged.principal == again.principal


async def test_sessions_from_elsewhere_never_share_a_principal(stubbed: Rig, stub: Stub) -> None:
    """Two sessions of one role have one ARN, and may have policies of their own."""
    stub.put("AssumeRole", role("AssumeRole", ARN, key_id="ASIAROLE", secret=SECRET))
    one = await stubbed.open(auth=SESSION)
    role_of_one = await stubbed.open(auth=SESSION, role=ROLES[0])
    stubbed.references.secrets["id"] = b"ASIAANOTHER"
    other = await stubbed.open(auth=SESSION)
    role_of_other = await stubbed.open(auth=SESSION, role=ROLES[0])
    assert len({one.principal, other.principal}) == 2
    assert len({role_of_one.principal, role_of_other.principal}) == 2
    assert KEY_ID not in one.principal


async def test_what_a_token_said_tells_principals_apart(stubbed: Rig, stub: Stub) -> None:
    """Policies may look at the subject of the token, not only at the role that it opened."""
    operation = "AssumeRoleWithWebIdentity"
    answers = [
        role(operation, ARN, key_id="ASIAWEB", secret=SECRET, SubjectFromWebIdentityToken=who)
        for who in ("system:serviceaccount:a:reader", "system:serviceaccount:b:reader")
    ]
    stub.put(operation, *answers)
    one, other = await stubbed.open(auth=JWT), await stubbed.open(auth=JWT)
    assert one.principal == f"{ARN} SubjectFromWebIdentityToken=system:serviceaccount:a:reader"
    assert one.principal != other.principal
    assert stub.asked[0][1]["WebIdentityToken"] == canary("web-identity").decode()
    assert stub.signed_by == ["", ""]


async def test_own_tags_wait_for_a_namespace_that_asks(rig: Rig, moto: Moto) -> None:
    with pytest.raises(NotReadyError) as waits:
        await rig.open(
            ref=StoreRef("ClusterSecretStore", "aws"),
            namespace="",
            role=ROLES[0],
            sessionTagsPolicy="Simple",
        )
    assert waits.value.code == "store.referent_unknown"
    assert moto.requests() == []


async def test_without_auth_keyfleet_itself_logs_in(
    rig: Rig, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASURROUNDING")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary("surrounding").decode())
    session = await rig.open(auth={})
    assert session.principal == "arn:aws:sts::123456789012:user/moto own"
    assert {one.access_key for one in moto.requests()} == {"AKIASURROUNDING"}


async def test_pod_identity_file_of_keyfleet_is_exchanged_at_the_same_endpoint(
    rig: Rig, moto: Moto, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """IRSA of Keyfleet's own pod, as EKS sets it up; upstream's variable leads it to STS too."""
    token = tmp_path / "token"
    token.write_bytes(canary("projected"))
    monkeypatch.setenv("AWS_ROLE_ARN", IRSA)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    rig.environ = {"AWS_STS_ENDPOINT": moto.url, "AWS_SECRETSMANAGER_ENDPOINT": moto.url}
    await rig.open(auth={})
    assert [action for action, _ in sts_calls(moto)] == [
        "AssumeRoleWithWebIdentity",
        "GetCallerIdentity",
    ]


async def test_pod_identity_of_keyfleet_is_asked_by_the_library(
    stubbed: Rig, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{stub.url}/credentials")
    given = {
        "AccessKeyId": "ASIAPOD",
        "SecretAccessKey": SECRET,
        "Token": SECRET,
        "Expiration": "2100-01-01T00:00:00Z",
    }
    stub.put("/credentials", given)
    session = await stubbed.open(auth={})
    assert session.principal == f"{ARN} own"
    assert stub.signed_by == ["", "ASIAPOD"]


async def test_pod_identity_that_fails_is_tried_again_later(
    stubbed: Rig, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{stub.url}/credentials")
    stub.put("/credentials", 503)
    with pytest.raises(UnreachableError):
        await stubbed.open(auth={})


async def test_where_sts_is_out_of_reach_nothing_is_confirmed_and_nothing_shared(
    stubbed: Rig, stub: Stub
) -> None:
    stubbed.environ["KEYFLEET_AWS_WITHOUT_STS"] = "true"
    session = await stubbed.open()
    assert session.principal == ""
    assert stub.asked == []


async def test_without_any_credentials_the_remedy_is_named(rig: Rig) -> None:
    with pytest.raises(DeniedError) as refused:
        await rig.open(auth={})
    assert "auth.jwt or auth.secretRef" in refused.value.hint


async def test_settings_of_the_library_that_are_wrong_are_named(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(DeniedError) as refused:
        await rig.open(auth={})
    assert "AWS_" in refused.value.hint


async def test_store_of_a_member_is_not_keyfleet(
    rig: Rig, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may declare a store in some member has no part in the rights of the hub."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASURROUNDING")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary("surrounding").decode())
    ref = StoreRef("SecretStore", "aws", "team", ClusterName("east"))
    with pytest.raises(DeniedError) as refused:
        await rig.open(auth={}, ref=ref, role=ROLES[0])
    assert moto.requests() == []
    variable = "KEYFLEET_AWS_OWN_LOGIN_FOR_MEMBERS"
    assert variable in refused.value.hint
    rig.environ[variable] = "true"
    assert (await rig.open(auth={}, ref=ref)).principal
    assert (await rig.open(auth=STATIC, ref=ref)).principal


async def test_keyfleets_own_login_can_be_left_to_administrators(
    rig: Rig, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who may declare a store in some namespace of the hub has all the rights of the hub."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASURROUNDING")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary("surrounding").decode())
    rig.environ["KEYFLEET_AWS_OWN_LOGIN_FOR_NAMESPACES"] = "false"
    with pytest.raises(DeniedError):
        await rig.open(auth={}, ref=StoreRef("SecretStore", "aws", "team"), role=ROLES[0])
    assert moto.requests() == []
    assert (await rig.open(auth={}, ref=StoreRef("ClusterSecretStore", "aws"))).principal


@pytest.mark.parametrize("key_id", [b"", "schlüssel".encode(), b"A\nX-Header: b", b"\xff"])
async def test_keys_that_cannot_be_any_are_refused_before_they_are_sent(
    rig: Rig, moto: Moto, key_id: bytes
) -> None:
    rig.references.secrets["id"] = key_id
    with pytest.raises(DeniedError):
        await rig.open()
    assert moto.requests() == []
