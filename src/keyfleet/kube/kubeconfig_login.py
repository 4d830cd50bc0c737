# SPDX-License-Identifier: Apache-2.0
"""A kubeconfig's user entry becomes a credential and impersonation headers.

A static credential (token, password, certificate) beats an exec plugin, which then never runs.
Source: docs/compat/fleet.md, 1.1.3.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, TypeVar
from urllib.parse import quote

from keyfleet.base.errors import InvalidInputError, UnsupportedError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Credential
from keyfleet.kube.auth.basic import Basic
from keyfleet.kube.auth.client_cert import CertificateSource, ClientCert
from keyfleet.kube.auth.combined import combined
from keyfleet.kube.auth.exec_config import ExecConfig
from keyfleet.kube.auth.exec_plugin import ExecPlugin
from keyfleet.kube.auth.files import read_field
from keyfleet.kube.auth.header import is_header_value, is_token
from keyfleet.kube.auth.printable import without_escapes
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.auth.token_file import TokenFile
from keyfleet.kube.kubeconfig_entries import Exec, User
from keyfleet.kube.kubeconfig_rules import interactive_mode, is_static

T = TypeVar("T")

REPLACED_BY = {
    "gcp": "use the exec plugin gke-gcloud-auth-plugin",
    "azure": "use the exec plugin kubelogin (Azure)",
    "oidc": "use an exec plugin such as kubectl oidc-login",
}
"""What to use instead of a legacy auth-provider."""

HEADER_KEY_SAFE = "!#$&'*+-.^_`|~"
"""What client-go leaves unescaped in the name of a header, beside letters and digits."""


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """An entry and the place it was written in."""

    entry: T
    origin: str
    """File or Secret, for error texts."""
    folder: Path | None = None
    """Where relative paths start; None: there is no such place."""

    def path(self, text: str, field: str, *, subject: str) -> Path:
        """Return the path that a field of the entry means.

        Raises:
            InvalidInputError: It is relative and the kubeconfig is no file.
        """
        path = Path(text)
        if path.is_absolute():
            return path
        if self.folder is None:
            raise InvalidInputError(
                "kubeconfig.relative_path",
                "a relative path in a kubeconfig that is no file",
                f"{field}, {subject}",
                hint="write an absolute path or the content itself",
                path=field,
            )
        return self.folder / path


def login(
    user: Located[User], info: dict[str, object], surroundings: Surroundings, *, subject: str
) -> Credential:
    """Return the credential of a user entry that broke no rule.

    Args:
        user: The entry.
        info: `spec.cluster` for an exec plugin that wants it.
        surroundings: Clock and environment.
        subject: Context and kubeconfig, for error texts.

    Raises:
        InvalidInputError: A file is unreadable, or a value is not what its field needs.
        UnsupportedError: A legacy auth-provider; the hint names what replaces it.
    """
    entry = user.entry
    if entry.auth_provider is not None:
        raise UnsupportedError(
            "kubeconfig.auth_provider",
            "auth-provider is not supported",
            subject,
            hint=REPLACED_BY.get(entry.auth_provider.name, "use an exec plugin"),
        )
    if entry.exec is not None and not is_static(entry):
        return ExecPlugin(_exec_config(user, entry.exec, info, subject), surroundings)
    return combined(
        _password(entry), _token(user, surroundings, subject), _pair(user, surroundings, subject)
    )


def impersonation(user: User, *, subject: str) -> tuple[tuple[str, str], ...]:
    """Return the Impersonate-* headers, one pair per value.

    Raises:
        InvalidInputError: A value would end its header line.
    """
    headers = tuple(_impersonation(user))
    if not all(is_header_value(text) for _, text in headers):
        raise _unusable(
            "as", "an impersonated name holds a control character", subject, "remove it"
        )
    return headers


def data(text: str, field: str, *, subject: str) -> bytes:
    """Return what a `…-data` field encodes.

    Raises:
        InvalidInputError: Not base64.
    """
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        hint = "encode it with `base64`, or name a file in the field without -data"
        raise _unusable(field, "a field is not base64", subject, hint) from None


def _impersonation(user: User) -> Iterator[tuple[str, str]]:
    if not user.as_user:
        return
    yield "Impersonate-User", user.as_user
    if user.as_uid:
        yield "Impersonate-Uid", user.as_uid
    for group in user.as_groups:
        yield "Impersonate-Group", group
    for key, texts in user.as_user_extra.items():
        name = f"Impersonate-Extra-{quote(key.lower(), safe=HEADER_KEY_SAFE)}"
        for text in texts:
            yield name, text


def _password(user: User) -> Credential | None:
    if not user.username:
        return None
    return Basic(user.username, SecretValue(user.password.encode()))


def _token(user: Located[User], surroundings: Surroundings, subject: str) -> Credential | None:
    entry = user.entry
    if entry.token and not is_token(entry.token.encode()):
        _refuse_token("token", subject)
    token = SecretValue(entry.token.encode()) if entry.token else None
    if not entry.token_file:
        return StaticToken(token) if token else None
    path = user.path(entry.token_file, "tokenFile", subject=subject)
    if token is None and not is_token(read_field(path, "tokenFile", subject=subject).strip()):
        _refuse_token("tokenFile", subject)
    place = f"tokenFile, {subject}"
    return TokenFile(path, surroundings.clock, subject=place, fallback=token)


def _pair(user: Located[User], surroundings: Surroundings, subject: str) -> Credential | None:
    certificate = _pem(user, "client-certificate", subject=subject)
    if certificate is None:
        return None
    key = _pem(user, "client-key", subject=subject) or b""
    return ClientCert(CertificateSource(certificate, key, subject), surroundings.clock)


def _pem(user: Located[User], field: str, *, subject: str) -> Path | bytes | None:
    attribute = field.replace("-", "_")
    path = getattr(user.entry, attribute)
    if path:
        return user.path(path, field, subject=subject)
    inline = getattr(user.entry, f"{attribute}_data")
    return data(inline, f"{field}-data", subject=subject) if inline else None


def _exec_config(
    user: Located[User], plugin: Exec, info: dict[str, object], subject: str
) -> ExecConfig:
    command = plugin.command
    if "/" in command:
        command = str(user.path(command, "exec.command", subject=subject))
    return ExecConfig(
        command=command,
        api_version=plugin.api_version,
        interactive_mode=interactive_mode(plugin),
        args=tuple(plugin.args),
        env=tuple((variable.name, variable.value) for variable in plugin.env),
        install_hint=without_escapes(plugin.install_hint),
        cluster=info if plugin.provide_cluster_info else None,
        subject=subject,
    )


def _refuse_token(field: str, subject: str) -> NoReturn:
    message = "a token is empty or holds characters that fit no header"
    raise _unusable(field, message, subject, "look for blanks and line ends within it")


def _unusable(field: str, message: str, subject: str, hint: str) -> InvalidInputError:
    return InvalidInputError("kubeconfig.value", message, f"{field}, {subject}", hint, path=field)
