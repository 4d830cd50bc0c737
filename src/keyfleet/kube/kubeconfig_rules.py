# SPDX-License-Identifier: Apache-2.0
"""What a kubeconfig must not say, one rule a line: what is broken, and what to do about it.

Rules look at the entries only; what needs a file or a parser is checked where it is read.
Source: docs/compat/fleet.md, 1.1.3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.kube.auth.exec_config import API_VERSIONS, MODES
from keyfleet.kube.kubeconfig_entries import Cluster, ContextEntry, Exec, User

T = TypeVar("T")

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One thing that must not be, in one kind of entry."""

    code: str
    path: str
    """The field to look at."""
    broken: Callable[[T], bool]
    message: str
    hint: str

    def error(self, subject: str) -> InvalidInputError:
        """Return what breaking the rule raises."""
        return InvalidInputError(self.code, self.message, subject, self.hint, path=self.path)


def enforce(rules: tuple[Rule[T], ...], entry: T, *, subject: str) -> None:
    """Raise `InvalidInputError` for the first rule that `entry` breaks."""
    for rule in rules:
        if rule.broken(entry):
            raise rule.error(subject)


CONTEXT_RULES: tuple[Rule[ContextEntry], ...] = (
    Rule(
        "kubeconfig.context_without_cluster",
        "cluster",
        lambda context: not context.cluster,
        "the context names no cluster",
        "set it with `kubectl config set-context NAME --cluster=…`",
    ),
    Rule(
        "kubeconfig.context_without_user",
        "user",
        lambda context: not context.user,
        "the context names no user",
        "set it with `kubectl config set-context NAME --user=…`",
    ),
    Rule(
        "kubeconfig.namespace",
        "namespace",
        lambda context: bool(context.namespace) and not NAMESPACE.fullmatch(context.namespace),
        "the namespace of the context is not a DNS label",
        "use at most 63 lower-case letters, digits and dashes",
    ),
)

CLUSTER_RULES: tuple[Rule[Cluster], ...] = (
    Rule(
        "kubeconfig.no_configuration",
        "cluster",
        lambda cluster: cluster == Cluster(),
        "the cluster entry is empty: no configuration",
        "fill in at least `server`",
    ),
    Rule(
        "kubeconfig.no_server",
        "server",
        lambda cluster: not cluster.server,
        "the cluster entry has no server",
        "set `server` to the address of the API server",
    ),
    Rule(
        "kubeconfig.ca_twice",
        "certificate-authority",
        lambda cluster: bool(cluster.certificate_authority and cluster.certificate_authority_data),
        "certificate-authority-data and certificate-authority are both set; data would override",
        "remove one of them",
    ),
    Rule(
        "kubeconfig.insecure_with_ca",
        "insecure-skip-tls-verify",
        lambda cluster: (
            cluster.insecure_skip_tls_verify
            and bool(cluster.certificate_authority or cluster.certificate_authority_data)
        ),
        "insecure-skip-tls-verify is set beside a certificate authority",
        "remove insecure-skip-tls-verify: the certificate authority is enough",
    ),
)


def _certificate(user: User) -> bool:
    return bool(user.client_certificate or user.client_certificate_data)


def _key(user: User) -> bool:
    return bool(user.client_key or user.client_key_data)


def is_key_alone(user: User) -> bool:
    """Tell whether there is a client key that no certificate goes with."""
    return _key(user) and not _certificate(user)


def is_static(user: User) -> bool:
    """Tell whether a credential is given that keeps an exec plugin from running."""
    token = user.token or user.token_file
    return bool(token or user.username or (_certificate(user) and _key(user)))


USER_RULES: tuple[Rule[User], ...] = (
    Rule(
        "kubeconfig.two_methods",
        "token",
        lambda user: bool((user.token or user.token_file) and (user.username or user.password)),
        "more than one authentication method: a token, and user name or password",
        "remove one of them",
    ),
    Rule(
        "kubeconfig.certificate_twice",
        "client-certificate",
        lambda user: bool(user.client_certificate and user.client_certificate_data),
        "client-certificate-data and client-certificate are both set; data would override",
        "remove one of them",
    ),
    Rule(
        "kubeconfig.key_twice",
        "client-key",
        lambda user: bool(user.client_key and user.client_key_data),
        "client-key-data and client-key are both set; data would override",
        "remove one of them",
    ),
    Rule(
        "kubeconfig.certificate_without_key",
        "client-key",
        lambda user: _certificate(user) and not _key(user),
        "a client certificate without its key",
        "set client-key or client-key-data",
    ),
    Rule(
        "kubeconfig.exec_and_provider",
        "exec",
        lambda user: user.exec is not None and user.auth_provider is not None,
        "exec and auth-provider are both set",
        "remove auth-provider: exec plugins replace it",
    ),
    Rule(
        "kubeconfig.impersonation_without_user",
        "as",
        lambda user: bool(user.as_uid or user.as_groups or user.as_user_extra) and not user.as_user,
        "as-uid, as-groups or as-user-extra without as",
        "set `as` to the impersonated user",
    ),
)

EXEC_RULES: tuple[Rule[Exec], ...] = (
    Rule(
        "kubeconfig.exec_command",
        "exec.command",
        lambda plugin: not plugin.command,
        "exec has no command",
        "set the command that prints the credential",
    ),
    Rule(
        "kubeconfig.exec_version",
        "exec.apiVersion",
        lambda plugin: plugin.api_version not in API_VERSIONS,
        "exec has no apiVersion, or one that is not supported",
        f"use {API_VERSIONS[0]}; v1alpha1 ended with Kubernetes 1.24, update the plugin",
    ),
    Rule(
        "kubeconfig.exec_mode",
        "exec.interactiveMode",
        lambda plugin: interactive_mode(plugin) not in MODES,
        "exec has no interactiveMode, or one that does not exist",
        f"use one of {', '.join(MODES)}",
    ),
    Rule(
        "kubeconfig.exec_env",
        "exec.env",
        lambda plugin: not all(variable.name for variable in plugin.env),
        "exec.env has a variable without a name",
        "name it or remove it",
    ),
)


def interactive_mode(plugin: Exec) -> str:
    """Return the mode, which only v1 requires to be written."""
    if not plugin.interactive_mode and plugin.api_version == API_VERSIONS[1]:
        return "IfAvailable"
    return plugin.interactive_mode


FOREIGN_CLUSTER: tuple[tuple[str, Callable[[Cluster], bool]], ...] = (
    ("certificate-authority", lambda cluster: bool(cluster.certificate_authority)),
    ("insecure-skip-tls-verify", lambda cluster: cluster.insecure_skip_tls_verify),
)
"""Fields that only the operator's own kubeconfig may have, by cluster."""

FOREIGN_USER: tuple[tuple[str, Callable[[User], bool]], ...] = (
    ("exec", lambda user: user.exec is not None),
    ("auth-provider", lambda user: user.auth_provider is not None),
    ("client-certificate", lambda user: bool(user.client_certificate)),
    ("client-key", lambda user: bool(user.client_key)),
    ("tokenFile", lambda user: bool(user.token_file)),
    ("as", lambda user: bool(user.as_user)),
    ("as-uid", lambda user: bool(user.as_uid)),
    ("as-groups", lambda user: bool(user.as_groups)),
    ("as-user-extra", lambda user: bool(user.as_user_extra)),
)
"""The same, by user."""


def refuse_foreign(
    fields: tuple[tuple[str, Callable[[T], bool]], ...], entry: T, *, subject: str
) -> None:
    """Raise `DeniedError` for the first field that a foreign kubeconfig may not have."""
    for name, is_set in fields:
        if is_set(entry):
            raise denied(name, subject)


def denied(field: str, subject: str) -> DeniedError:
    """Return the refusal of one field of a foreign kubeconfig."""
    return DeniedError(
        "kubeconfig.field_refused",
        "a field that only the operator's own kubeconfig may use",
        f"{field}, {subject}",
        hint="an inventory must not run code, read files or switch verification off here; "
        "write certificates and tokens into the kubeconfig as data",
    )
