# SPDX-License-Identifier: Apache-2.0
"""Log in to AWS as a store says, and learn from AWS who that makes us.

The order is upstream's: the token of a ServiceAccount, static keys, else whatever surrounds
Keyfleet; then the roles, one after the other. The credentials of a login last as long as AWS gives
them (an hour); AWS denies what comes later, and the engine opens the store anew.
Source: docs/compat/eso-aws.md, "Logging in".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyfleet.base.errors import NotReadyError, PermanentError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import CLUSTER_SECRET_STORE, Store
from keyfleet.plugin.storeerrors import login_refused
from keyfleet.plugin.stores import Selector, StoreReferences
from keyfleet.sources.aws.config import AwsConfig, StaticKeys
from keyfleet.sources.aws.library import Clients, Keys, keys_of
from keyfleet.sources.aws.principal import OWN, Identity, session_mark

SESSION_NAME: Final = "external-secrets-provider-aws"
"""Upstream's: trust policies may ask for it."""
ROLE_ANNOTATION: Final = "eks.amazonaws.com/role-arn"
AUDIENCE_ANNOTATION: Final = "eks.amazonaws.com/audience"
DEFAULT_AUDIENCE: Final = "sts.amazonaws.com"
TOKEN_SECONDS: Final = 600
"""The shortest that Kubernetes gives; the token is used once, at once."""
MEMBERS_MAY: Final = "KEYFLEET_AWS_OWN_LOGIN_FOR_MEMBERS"
"""Variable: `true` lets stores of members log in as Keyfleet itself."""
NAMESPACES_MAY: Final = "KEYFLEET_AWS_OWN_LOGIN_FOR_NAMESPACES"
"""Variable: `false` leaves Keyfleet's own login to ClusterSecretStores."""
WITHOUT_STS: Final = "KEYFLEET_AWS_WITHOUT_STS"
"""Variable: `true` where STS cannot be reached: nobody confirms static and own keys, so that what
they read is not shared."""
_STATIC: Final = "auth.secretRef"
_ACCOUNT: Final = "auth.jwt.serviceAccountRef"
_WEB_IDENTITY: Final = ("Provider", "Audience", "SubjectFromWebIdentityToken")


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials, and whose they are."""

    keys: Keys
    identity: Identity


@dataclass(frozen=True, slots=True)
class LoginProcess:
    """One login of one store."""

    store: Store
    config: AwsConfig
    references: StoreReferences
    clients: Clients
    environ: Mapping[str, str]

    async def run(self) -> Login:
        """Return credentials and whom AWS confirmed them to be of.

        Raises:
            InvalidIntentError: As `StoreReferences`.
            DeniedError: `store.login_refused`.
            TemporaryError: STS does not answer or asks to wait; the namespace that asks, or the
                role of a ServiceAccount, is missing; or as `StoreReferences`.
        """
        self._need_namespace()
        login = await self._first()
        for role in self.config.additional_roles:
            login = await self._assume(login, role)
        if self.config.role:
            return await self._assume_last(login)
        if login.identity.arn or self._is_set(WITHOUT_STS):
            return login
        return await self._confirmed(login)

    def _is_set(self, variable: str) -> bool:
        return self.environ.get(variable, "").lower() == "true"

    def _need_namespace(self) -> None:
        if self.config.has_own_tags and not self.store.namespace:
            raise NotReadyError(
                "store.referent_unknown",
                "the login depends on the namespace that asks",
                f"{self.store.ref.kind} {self.store.ref}, sessionTagsPolicy",
            )

    async def _first(self) -> Login:
        auth = self.config.auth
        if auth.jwt is not None:
            return await self._by_token(auth.jwt.ref)
        if auth.static is not None:
            return await self._static(auth.static)
        return await self._surrounding()

    async def _static(self, static: StaticKeys) -> Login:
        secret = self.references.secret
        key_id = await secret(static.key_id, path=f"{_STATIC}.accessKeyIDSecretRef")
        value = await secret(static.secret, path=f"{_STATIC}.secretAccessKeySecretRef")
        if static.token is None:
            return Login(self._keys(key_id, value), Identity())
        token = await secret(static.token, path=f"{_STATIC}.sessionTokenSecretRef")
        keys = self._keys(key_id, value, token)
        return Login(keys, Identity(kept=(session_mark(keys.key_id),)))

    def _keys(self, *parts: SecretValue) -> Keys:
        key_id, secret, *token = (self._word(part) for part in parts)
        return keys_of(key_id, secret, token[0] if token else None)

    def _word(self, value: SecretValue) -> str:
        """Return a part of credentials; the line feed that `base64` likes to add is none of it."""
        text = value.reveal().strip()
        if not text.isascii() or not text.decode("ascii").isprintable() or not text:
            raise login_refused(self.store, "the credentials hold what AWS never gave")
        return text.decode("ascii")

    async def _surrounding(self) -> Login:
        self._may_be_keyfleet()
        keys, hint = None, "set auth.jwt or auth.secretRef, or give Keyfleet itself a role"
        try:
            keys = await self.clients.own_keys()
        except PermanentError as error:
            hint = f"{error}; {error.hint}"
        if keys is None:
            raise login_refused(self.store, hint)
        return Login(keys, Identity(kept=(OWN,)))

    def _may_be_keyfleet(self) -> None:
        """Refuse a member's store: whoever declares it has no part in the hub's rights."""
        if self.store.ref.cluster and not self._is_set(MEMBERS_MAY):
            hint = f"set auth.jwt or auth.secretRef, or allow it with {MEMBERS_MAY}=true"
            raise login_refused(self.store, f"it would be Keyfleet's own login: {hint}")
        is_tenants = self.store.ref.kind != CLUSTER_SECRET_STORE
        if is_tenants and self.environ.get(NAMESPACES_MAY, "").lower() == "false":
            raise login_refused(
                self.store, f"set auth.jwt or auth.secretRef: {NAMESPACES_MAY}=false"
            )

    async def _by_token(self, selector: Selector) -> Login:
        annotations = await self.references.service_account(selector, path=_ACCOUNT)
        role = annotations.get(ROLE_ANNOTATION, "")
        if not role:
            # Not the store's fault: it comes with the annotation.
            raise NotReadyError(
                "store.reference_missing",
                "the ServiceAccount names no role",
                f"{self.store.ref.kind} {self.store.ref}, {_ACCOUNT}",
                f"annotate it with {ROLE_ANNOTATION}",
            )
        audience = annotations.get(AUDIENCE_ANNOTATION) or DEFAULT_AUDIENCE
        token = await self.references.token(
            selector, audiences=[audience], seconds=TOKEN_SECONDS, path=_ACCOUNT
        )
        answer = await self._sts(
            None, "AssumeRoleWithWebIdentity", role, WebIdentityToken=self._word(token)
        )
        # Policies may tell such sessions of one role apart by what the token said.
        said = tuple(f"{name}={answer[name]}" for name in _WEB_IDENTITY if answer.get(name))
        return self._login(answer, marks=said)

    async def _assume_last(self, login: Login) -> Login:
        config = self.config
        tags = config.tags_of(self.store)
        settings: dict[str, Any] = {
            "ExternalId": config.external_id,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "TransitiveTagKeys": config.transitive_tag_keys,
        }
        return await self._assume(login, config.role, tags, settings)

    async def _assume(
        self,
        login: Login,
        role: str,
        tags: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Login:
        sent = {name: value for name, value in (settings or {}).items() if value}
        answer = await self._sts(login.keys, "AssumeRole", role, **sent)
        marks = tuple(f"tag {key}={value}" for key, value in sorted((tags or {}).items()))
        return self._login(answer, marks=marks, kept=login.identity.kept)

    def _login(
        self, answer: Mapping[str, Any], *, marks: tuple[str, ...], kept: tuple[str, ...] = ()
    ) -> Login:
        """Return the login to a role, of which AWS' answer says whose it is."""
        try:
            given, arn = answer["Credentials"], answer["AssumedRoleUser"]["Arn"]
            keys = keys_of(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        except (AttributeError, LookupError, TypeError):
            keys, arn = None, ""
        if keys is None:
            raise login_refused(self.store, "STS gave no credentials: check its endpoint")
        return Login(keys, Identity(str(arn), marks, kept))

    async def _confirmed(self, login: Login) -> Login:
        """Ask AWS whose the keys are, once a login; for a role, AWS said so when it gave them."""
        answer = await self._sts(login.keys, "GetCallerIdentity", "")
        identity = Identity(str(answer.get("Arn", "")), kept=login.identity.kept)
        return Login(login.keys, identity)

    async def _sts(
        self, keys: Keys | None, operation: str, role: str, **settings: Any
    ) -> dict[str, Any]:
        if role:
            settings |= {"RoleArn": role, "RoleSessionName": SESSION_NAME}
        try:
            async with self.clients.client("sts", keys) as sts:
                return await sts.call(operation, role, **settings)
        except PermanentError as error:
            problem = error
        raise login_refused(self.store, f"{problem.subject}: {problem.hint}")
