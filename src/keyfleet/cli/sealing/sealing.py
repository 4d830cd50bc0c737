# SPDX-License-Identifier: Apache-2.0
"""Make SealedSecrets of Secrets, as kubeseal does: which name, namespace and scope count.

Where kubeseal and this differ, it is because kubeseal's way surprises: `--scope strict` takes scope
annotations away, and managedFields do not get into the template. Source:
compat/sealed-secrets.md 4.4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SCOPE_ANNOTATIONS, Scope, SealingCertificate, scope_of
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.files.documents import SEALED_API, SEALED_KIND, Document
from keyfleet.cli.sealing.files.plain import PlainSecret
from keyfleet.model.carriers import SEALED_FOR


@dataclass(frozen=True, slots=True)
class Namespace:
    """The namespace for Secrets that say none."""

    asked: str = ""
    """The one that was asked for: a Secret of another one is a mistake."""
    default: Callable[[], str] = lambda: "default"
    """The one where none was asked for; looked up only where it is needed."""

    @property
    def name(self) -> str:
        """The one that counts."""
        return self.asked or self.default()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags say about what is sealed."""

    namespace: Namespace
    name: str = ""
    """Counts instead of the Secret's own."""
    scope: Scope | None = None
    """Counts instead of the Secret's annotations."""
    allows_empty: bool = False


def settled(secret: PlainSecret, wishes: Wishes) -> PlainSecret:
    """Return a Secret with the name, namespace and scope under which it is sealed.

    Raises:
        InvalidInputError: It has no name or nothing to seal, or is of another namespace than asked.
    """
    if not secret.items and not wishes.allows_empty:
        hint = "--allow-empty-data accepts it"
        raise InvalidInputError("sealing.empty", "the Secret has no items", secret.subject, hint)
    name = wishes.name or secret.name
    if not name:
        hint = "give metadata.name, or --name"
        raise InvalidInputError("sealing.no_name", "the Secret has no name", secret.subject, hint)
    annotations = _with_scope(secret.annotations, wishes.scope)
    namespace = secret.namespace
    if scope_of(annotations) is not Scope.CLUSTER_WIDE:
        namespace = _namespace(secret, wishes.namespace)
    return replace(secret, name=name, namespace=namespace, annotations=annotations)


def sealed_secret(
    secret: PlainSecret, certificate: SealingCertificate, cluster: str = ""
) -> Document:
    """Return the SealedSecret of a settled Secret; other ciphertext every time.

    Args:
        secret: What is sealed.
        certificate: For whom.
        cluster: Whose certificate it is, where several get one each.
    """
    scope = scope_of(secret.annotations)
    annotations = scope.annotations() | ({SEALED_FOR: cluster} if cluster else {})
    return {
        "apiVersion": SEALED_API,
        "kind": SEALED_KIND,
        "metadata": _given(name=secret.name, namespace=secret.namespace, annotations=annotations),
        "spec": {
            "encryptedData": sealed_items(
                secret.items, certificate, scope.label(secret.namespace, secret.name)
            ),
            "template": template_of(secret),
        },
    }


def sealed_items(
    items: Mapping[str, SecretValue], certificate: SealingCertificate, label: bytes
) -> dict[str, str]:
    """Return each value sealed, by the items' names."""
    return {key: certificate.seal(items[key], label) for key in sorted(items)}


def template_of(secret: PlainSecret) -> Document:
    """Return what the Secret that is made shall look like, but for its values."""
    metadata = _given(
        name=secret.name,
        namespace=secret.namespace,
        labels=dict(secret.labels),
        annotations=dict(secret.annotations),
        finalizers=list(secret.finalizers),
    )
    immutable = {} if secret.immutable is None else {"immutable": secret.immutable}
    return {"metadata": metadata, **_given(type=secret.type), **immutable}


def _with_scope(annotations: Mapping[str, str], scope: Scope | None) -> dict[str, str]:
    if scope is None:
        return dict(annotations)
    kept = {key: text for key, text in annotations.items() if key not in SCOPE_ANNOTATIONS}
    return kept | scope.annotations()


def _namespace(secret: PlainSecret, wished: Namespace) -> str:
    if not secret.namespace:
        return wished.name
    if wished.asked not in ("", secret.namespace):
        raise InvalidInputError(
            "sealing.namespace",
            "the Secret is of another namespace than --namespace says",
            f"{secret.subject}: {secret.namespace}, not {wished.name}",
            "leave --namespace out, or correct metadata.namespace",
        )
    return secret.namespace


def _given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not empty."""
    return {name: value for name, value in fields.items() if value}
