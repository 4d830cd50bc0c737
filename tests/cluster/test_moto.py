# SPDX-License-Identifier: Apache-2.0
"""The stand-in for AWS answers a real client, counts what was asked and can refuse."""

import os

import pytest
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from keyfleet.localplane.moto import Moto
from keyfleet.testing.canary import CANARY_PREFIX

VALUE = f"{CANARY_PREFIX}moto"


@pytest.fixture(autouse=True)
def environment(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Only moto's variables; botocore shows values in its debug log, which is not on trial."""
    caplog.set_level("INFO", logger="botocore")
    caplog.set_level("INFO", logger="aiobotocore")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in moto.environment().items():
        monkeypatch.setenv(name, value)


async def test_secret_is_read_and_the_read_is_counted(moto: Moto) -> None:
    async with get_session().create_client("secretsmanager") as client:
        await client.create_secret(Name="prod/database", SecretString=VALUE)
        answer = await client.get_secret_value(SecretId="prod/database")
    assert answer["SecretString"] == VALUE
    assert moto.count("GetSecretValue") == 1
    assert moto.count("GetSecretValue", "prod/database") == 1
    assert moto.count("GetSecretValue", "another") == 0
    assert {one.region for one in moto.requests()} == {"eu-central-1"}


async def test_parameter_and_identity_are_served_and_named(moto: Moto) -> None:
    async with get_session().create_client("ssm", region_name="us-east-1") as client:
        await client.put_parameter(Name="/prod/key", Value=VALUE, Type="SecureString")
        answer = await client.get_parameter(Name="/prod/key", WithDecryption=True)
    async with get_session().create_client("sts") as client:
        role = "arn:aws:iam::123456789012:role/reader"
        await client.assume_role(RoleArn=role, RoleSessionName="keyfleet")
    assert answer["Parameter"]["Value"] == VALUE
    asked = [(one.service, one.action, one.name) for one in moto.requests()]
    assert asked == [
        ("ssm", "PutParameter", "/prod/key"),
        ("ssm", "GetParameter", "/prod/key"),
        ("sts", "AssumeRole", role),
    ]


async def test_reset_forgets_resources_and_requests(moto: Moto) -> None:
    async with get_session().create_client("secretsmanager") as client:
        await client.create_secret(Name="gone", SecretString=VALUE)
        moto.reset()
        assert moto.requests() == []
        with pytest.raises(ClientError, match="ResourceNotFound"):
            await client.get_secret_value(SecretId="gone")


async def test_made_up_credentials_are_refused_once_rights_are_checked(moto: Moto) -> None:
    moto.check_rights()
    async with get_session().create_client("secretsmanager") as client:
        with pytest.raises(ClientError) as refusal:
            await client.list_secrets()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
