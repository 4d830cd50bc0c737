# SPDX-License-Identifier: Apache-2.0
"""The entries of one kubeconfig document, as written, with unknown fields ignored.

Source: docs/compat/fleet.md, 1.1.1.
"""

from typing import Any

import msgspec

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.auth.printable import printable

SIZE_MAX = 4 << 20
"""Bytes of one document."""

_HINT = "a kubeconfig is one YAML document of kind Config: check that this is the right file"


class _Entry(msgspec.Struct, frozen=True, rename="kebab"):
    def __repr__(self) -> str:
        # Tokens, passwords and plugin arguments stand in these fields.
        return f"{type(self).__name__}(***)"


class Extension(_Entry, frozen=True):
    """A free-form object under a name."""

    name: str = ""
    extension: Any = None


class Cluster(_Entry, frozen=True):
    """Where a server is and how its certificate is verified."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: list[Extension] = msgspec.field(default_factory=list)


class EnvironmentVariable(_Entry, frozen=True):
    """One variable that an exec plugin gets."""

    name: str = ""
    value: str = ""


class Exec(_Entry, frozen=True, rename="camel"):
    """A credential plugin."""

    command: str = ""
    args: list[str] = msgspec.field(default_factory=list)
    env: list[EnvironmentVariable] = msgspec.field(default_factory=list)
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


class AuthProvider(_Entry, frozen=True):
    """A legacy in-process login; only its name matters, to say what replaces it."""

    name: str = ""


class User(_Entry, frozen=True):
    """How to log in."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    as_user: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: list[str] = msgspec.field(default_factory=list)
    as_user_extra: dict[str, list[str]] = msgspec.field(default_factory=dict)
    username: str = ""
    password: str = ""
    auth_provider: AuthProvider | None = None
    exec: Exec | None = None


class ContextEntry(_Entry, frozen=True):
    """A cluster, a user and a namespace under one name."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class NamedCluster(_Entry, frozen=True):
    """An element of `clusters`."""

    name: str = ""
    cluster: Cluster = Cluster()


class NamedUser(_Entry, frozen=True):
    """An element of `users`."""

    name: str = ""
    user: User = User()


class NamedContext(_Entry, frozen=True):
    """An element of `contexts`."""

    name: str = ""
    context: ContextEntry = ContextEntry()


class Document(_Entry, frozen=True):
    """A kubeconfig."""

    kind: str = ""
    api_version: str = msgspec.field(default="", name="apiVersion")
    current_context: str = ""
    clusters: list[NamedCluster] = msgspec.field(default_factory=list)
    users: list[NamedUser] = msgspec.field(default_factory=list)
    contexts: list[NamedContext] = msgspec.field(default_factory=list)


def read_document(raw: bytes, *, origin: str) -> Document:
    """Return the entries of one kubeconfig; an empty text gives an empty one.

    Args:
        raw: YAML or JSON.
        origin: File name or Secret, for error texts.

    Raises:
        InvalidInputError: Too large, not YAML, several documents, another kind of object, a field
            of the wrong type, or one name twice in a list.
    """
    content = _content(raw, origin)
    if not isinstance(content, dict):
        raise InvalidInputError("kubeconfig.not_a_kubeconfig", "not a kubeconfig", origin, _HINT)
    document = codec.convert(Document, _without_nulls(content), subject=origin)
    if document.kind not in {"", "Config"} or document.api_version not in {"", "v1"}:
        raise InvalidInputError(
            "kubeconfig.not_a_kubeconfig",
            "not a kubeconfig (kind Config, apiVersion v1)",
            origin,
            _HINT,
        )
    for field in ("clusters", "users", "contexts"):
        _refuse_twice([entry.name for entry in getattr(document, field)], field, origin)
    return document


def _content(raw: bytes, origin: str) -> Any:
    if len(raw) > SIZE_MAX:
        raise InvalidInputError(
            "kubeconfig.too_large", "the kubeconfig is larger than 4 MiB", origin, _HINT
        )
    documents = codec.decode_yaml(raw, subject=origin)
    if len(documents) > 1:
        raise InvalidInputError(
            "kubeconfig.several_documents", "more than one document in a kubeconfig", origin, _HINT
        )
    return documents[0].content if documents else {}


def _without_nulls(value: Any) -> Any:
    """Return `value` without its nulls, which mean "absent" everywhere but in extensions."""
    if isinstance(value, dict):
        present = ((key, item) for key, item in value.items() if item is not None)
        return {k: item if k == "extension" else _without_nulls(item) for k, item in present}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def _refuse_twice(names: list[str], field: str, origin: str) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInputError(
            "kubeconfig.duplicate_name",
            "one name stands twice in a list of the kubeconfig",
            f"{printable(twice)} in {field} of {origin}",
            hint="rename or remove one of them",
        )
