# SPDX-License-Identifier: Apache-2.0
"""What an exec plugin answered, checked; its output is never quoted.

Source: docs/compat/fleet.md, 1.1.4, "Output".
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from keyfleet.base import codec
from keyfleet.base.clock import parse_timestamp
from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.exec_config import ExecConfig
from keyfleet.kube.auth.header import is_token
from keyfleet.kube.memfile import check_client_certificate


@dataclass(frozen=True, slots=True)
class ExecLogin:
    """A token, a certificate or both, and until when they hold."""

    token: SecretValue | None
    certificate: ClientCertificate | None
    expires: datetime | None
    """None: until a 401."""


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    expiration_timestamp: str | None = None
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


def login_from_output(output: bytes, config: ExecConfig) -> ExecLogin:
    """Return the credential that a plugin printed.

    Raises:
        UnreachableError: The output breaks the protocol (engine: retries with back-off, since the
            plugin may do better next time).
    """
    try:
        answer = codec.decode_json_as(_Answer, output, subject=config.place)
    except (InvalidInputError, RecursionError):
        raise _broken(config, "printed no ExecCredential") from None
    if answer.kind != "ExecCredential":
        raise _broken(config, "printed no ExecCredential")
    if answer.api_version != config.api_version:
        raise _broken(config, "answered in another apiVersion than the configured one")
    if answer.status is None:
        raise _broken(config, "printed an ExecCredential without status")
    return _login(answer.status, config)


def _login(status: _Status, config: ExecConfig) -> ExecLogin:
    certificate, key = status.client_certificate_data, status.client_key_data
    if bool(certificate) != bool(key):
        raise _broken(config, "printed a certificate without key, or a key without certificate")
    if not status.token and not certificate:
        raise _broken(config, "printed neither a token nor a certificate")
    return ExecLogin(
        _token(status.token, config),
        _certificate(certificate, key, config) if certificate and key else None,
        _expiry(status.expiration_timestamp, config),
    )


def _token(text: str | None, config: ExecConfig) -> SecretValue | None:
    if not text:
        return None
    token = text.encode()
    if not is_token(token):
        raise _broken(config, "printed a token that fits no header")
    return SecretValue(token)


def _certificate(certificate: str, key: str, config: ExecConfig) -> ClientCertificate:
    pair = ClientCertificate(certificate.encode(), key.encode())
    try:
        check_client_certificate(pair, subject=config.subject)
    except InvalidInputError:
        raise _broken(config, "printed a certificate or key that cannot be used") from None
    return pair


def _expiry(text: str | None, config: ExecConfig) -> datetime | None:
    try:
        return parse_timestamp(text) if text else None
    except ValueError:
        raise _broken(config, "printed an expirationTimestamp that is no time") from None


def _broken(config: ExecConfig, what: str) -> UnreachableError:
    return UnreachableError(
        "login.plugin_answer",
        f"the login plugin {what}",
        config.place,
        hint="run the plugin by hand; its answer must follow client.authentication.k8s.io",
    )
