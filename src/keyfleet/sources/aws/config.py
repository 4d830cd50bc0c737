# SPDX-License-Identifier: Apache-2.0
"""What stands under `spec.provider.aws`, with upstream's names; unknown fields are ignored."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import config_of, invalid

SECRETS_MANAGER = "SecretsManager"
PARAMETER_STORE = "ParameterStore"
_SERVICES = (SECRETS_MANAGER, PARAMETER_STORE)
_CERTIFICATES = "CertificateManager"
_POLICIES = (_NO_POLICY := "None", "Simple", _CUSTOM := "Custom")
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}")
OWN_TAGS = ("esoNamespace", "esoStoreName", "esoStoreKind")
"""Tags that the policies `Simple` and `Custom` set, so that nobody else may."""

Selector = dict[str, Any]


class StaticKeys(msgspec.Struct, frozen=True):
    """`auth.secretRef`: which keys of which Secrets hold the access key."""

    key_id: Selector = msgspec.field(name="accessKeyIDSecretRef")
    secret: Selector = msgspec.field(name="secretAccessKeySecretRef")
    token: Selector | None = msgspec.field(name="sessionTokenSecretRef", default=None)


class ServiceAccount(msgspec.Struct, frozen=True):
    """`auth.jwt`: whose token is exchanged for a role's credentials."""

    ref: Selector = msgspec.field(name="serviceAccountRef")


class Auth(msgspec.Struct, frozen=True):
    """`auth`: the first of both that is there, else what the SDK finds around the process."""

    jwt: ServiceAccount | None = None
    static: StaticKeys | None = msgspec.field(name="secretRef", default=None)


class _Tag(msgspec.Struct, frozen=True):
    key: str
    value: str


class AwsConfig(msgspec.Struct, frozen=True, rename="camel"):
    """Which service of which region, and who asks it."""

    service: str
    region: str
    auth: Auth = Auth()
    prefix: str = ""
    additional_roles: list[str] = []
    role: str = ""
    external_id: str = msgspec.field(name="externalID", default="")
    session_tags: list[_Tag] = []
    session_tags_policy: str = _NO_POLICY
    custom_session_tags: dict[str, str] = {}
    transitive_tag_keys: list[str] = []

    @property
    def has_own_tags(self) -> bool:
        """Tell whether the login carries the store's name and namespace."""
        return bool(self.role) and self.session_tags_policy not in ("", _NO_POLICY)

    def tags_of(self, store: Store) -> Mapping[str, str]:
        """Return the tags that go with `role`; the policy's own win over others of their name."""
        tags = {tag.key: tag.value for tag in self.session_tags}
        if self.session_tags_policy == _CUSTOM:
            tags |= self.custom_session_tags
        if self.has_own_tags:
            own = (store.namespace, store.ref.name, store.ref.kind)
            tags |= dict(zip(OWN_TAGS, own, strict=True))
        return tags


def read_config(store: Store) -> AwsConfig:
    """Return what a store declares.

    Raises:
        InvalidIntentError: `store.invalid`, or `store.unsupported` for a service that Keyfleet
            does not read; `path` says where.
    """
    config = config_of(AwsConfig, store)
    if config.service == _CERTIFICATES:
        raise InvalidIntentError(
            "store.unsupported",
            "Keyfleet does not read this kind of store",
            f"{store.ref.kind} {store.ref}, service {_CERTIFICATES}",
            f"supported are {' and '.join(_SERVICES)}",
            path="service",
        )
    for path, hint in _mistakes(config):
        raise invalid(store, path, hint)
    return config


def _mistakes(config: AwsConfig) -> Iterator[tuple[str, str]]:
    """Yield path and remedy of whatever cannot work."""
    if config.service not in _SERVICES:
        yield "service", f"write {' or '.join(_SERVICES)}"
    # It becomes part of a host name: nothing but a region may pass.
    if not _REGION.fullmatch(config.region):
        yield "region", "write a region's code, such as eu-west-1"
    if config.session_tags_policy not in ("", *_POLICIES):
        yield "sessionTagsPolicy", f"write {', '.join(_POLICIES)}"
    for name in OWN_TAGS:
        if name in config.custom_session_tags:
            yield "customSessionTags", f"{name} is set by sessionTagsPolicy itself"
    for index, role in enumerate(config.additional_roles):
        if not role:
            yield f"additionalRoles[{index}]", "write the ARN of a role"
