# SPDX-License-Identifier: Apache-2.0
"""A server that speaks AWS (Secrets Manager, SSM, STS, IAM): moto, with its recorder as its log.

moto is a development dependency and is only ever started as a program.
"""

import base64
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from keyfleet.base import codec
from keyfleet.localplane import rig

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as moto recorded it."""

    service: str
    """`secretsmanager`, `ssm`, `sts`, `iam`; empty for an unsigned request."""
    action: str
    """Such as `GetSecretValue`."""
    region: str
    """From the signature."""
    access_key: str
    """Whose signature it was."""
    name: str
    """What was asked for: `SecretId`, `Name` or `RoleArn`, empty where there is none."""


class Moto(rig.Rig):
    """moto's server; any credentials will do unless `check_rights` was called."""

    name = "moto"

    def reset(self) -> None:
        """Forget every resource and every request."""
        rig.must(self.url, "POST", "/moto-api/reset", b"")
        self.ignore_rights()
        self._log.write_bytes(b"")

    def check_rights(self) -> None:
        """From now on refuse unknown credentials and what IAM policies do not allow.

        What needs no signature, such as a login by web identity, is answered with a 500 meanwhile.
        """
        rig.must(self.url, "POST", "/moto-api/reset-auth", b"0")

    def ignore_rights(self) -> None:
        """Let any credentials do everything again."""
        rig.must(self.url, "POST", "/moto-api/reset-auth", b"inf")

    def requests(self) -> list[Request]:
        """Return every request to an AWS service since the start or the last reset."""
        return list(self._recorded())

    def count(self, action: str, name: str | None = None) -> int:
        """Return how often an action was asked for, of one name or of any."""
        return sum(one.action == action and name in (None, one.name) for one in self.requests())

    def environment(self) -> dict[str, str]:
        """Return the variables that lead an AWS client here, with made-up credentials."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _recorded(self) -> Iterator[Request]:
        for line in self._log.read_bytes().splitlines():
            entry = codec.decode_json(line, subject="moto's recording")
            if "/moto-api/" not in entry["url"]:
                yield _request(entry)

    @property
    def _log(self) -> Path:
        return self.directory / "requests.jsonl"

    # The server.

    def prepare(self) -> None:
        """Begin with an empty recording."""
        self._log.touch(mode=0o600)

    def command(self) -> list[str]:
        """Return the command line, with the recorder turned on."""
        return [
            *("env", "MOTO_ENABLE_RECORDING=true", f"MOTO_RECORDER_FILEPATH={self._log}"),
            *(sys.executable, "-m", "moto.server", "-H", rig.LOOPBACK, "-p", str(self.port)),
        ]

    def is_ready(self) -> bool:
        """Return whether it answers for itself."""
        return rig.call(self.url, "GET", "/moto-api/data.json").status == 200


def _request(entry: Any) -> Request:
    headers = {name.lower(): value for name, value in entry["headers"].items()}
    signed = _CREDENTIAL.search(headers.get("authorization", ""))
    access_key, region, service = signed.groups() if signed else ("", "", "")
    fields = _fields(entry)
    action = headers.get("x-amz-target", "").rpartition(".")[2] or fields.get("Action", "")
    name = next((str(fields[key]) for key in ("SecretId", "Name", "RoleArn") if key in fields), "")
    return Request(service, action, region, access_key, name)


def _fields(entry: Any) -> dict[str, Any]:
    # JSON of the newer services, a form of the older ones.
    body = entry["body"] or ""
    content = base64.b64decode(body) if entry["body_encoded"] else body.encode()
    if content.startswith(b"{"):
        return dict(codec.decode_json(content, subject="a recorded request"))
    return {name: values[0] for name, values in parse_qs(content.decode()).items()}
