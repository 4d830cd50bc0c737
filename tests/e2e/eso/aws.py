# SPDX-License-Identifier: Apache-2.0
"""What the owner of an AWS account does, at moto: secrets, parameters, roles and their policies."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from keyfleet.localplane import rig
from keyfleet.localplane.moto import Moto
from keyfleet.testing.canary import CANARY_PREFIX

REGION = "us-east-1"
ACCOUNT = "123456789012"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "*"},
        }
    ],
}


@dataclass(frozen=True)
class Account:
    """One AWS account; every value in it is a canary."""

    server: Moto

    def secret(self, key: str, value: str | Mapping[str, str], region: str = REGION) -> None:
        """Create a secret of Secrets Manager, or give it a new version."""
        said = {"SecretString": _text(value)}
        made = self._json("secretsmanager", "CreateSecret", {"Name": key, **said}, region)
        if made != 200:
            changed = {"SecretId": key, **said}
            assert self._json("secretsmanager", "PutSecretValue", changed, region) == 200

    def parameter(self, name: str, value: str | Mapping[str, str], region: str = REGION) -> None:
        """Write a parameter of Parameter Store."""
        said = {"Name": name, "Value": _text(value), "Type": "SecureString", "Overwrite": True}
        assert self._json("ssm", "PutParameter", said, region) == 200

    def role(self, name: str, *actions: str) -> str:
        """Make a role that any web identity may assume, and that may do these; return its ARN."""
        trust = json.dumps(_TRUST)
        self._form("CreateRole", (200, 409), RoleName=name, AssumeRolePolicyDocument=trust)
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        if actions:
            self._form("PutRolePolicy", RoleName=name, PolicyName="own", PolicyDocument=document)
        return arn(name)

    def _json(self, service: str, action: str, body: Mapping[str, Any], region: str) -> int:
        target = {"secretsmanager": "secretsmanager", "ssm": "AmazonSSM"}[service]
        headers = {
            "X-Amz-Target": f"{target}.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": _signature(service, region),
        }
        return rig.call(self.server.url, "POST", "/", body, headers=headers).status

    def _form(self, action: str, accepted: tuple[int, ...] = (200,), **fields: str) -> None:
        body = urlencode({"Action": action, "Version": "2010-05-08", **fields}).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": _signature("iam", REGION),
        }
        assert rig.call(self.server.url, "POST", "/", body, headers=headers).status in accepted


def arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def _text(value: str | Mapping[str, str]) -> str:
    if isinstance(value, str):
        return f"{CANARY_PREFIX}{value}"
    return json.dumps({key: f"{CANARY_PREFIX}{text}" for key, text in value.items()})


def _signature(service: str, region: str) -> str:
    scope = f"admin/20260101/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
