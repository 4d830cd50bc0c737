# SPDX-License-Identifier: Apache-2.0
"""What each way to log in sends: gathered through the store's own references, one at a time.

Source: docs/compat/vault.md 3.4; docs/compat/eso.md, "HashiCorp Vault", auth.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import InvalidIntentError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import ClientCertificate
from keyfleet.plugin.stores import StoreReferences
from keyfleet.sources.vault.paths import clean
from keyfleet.sources.vault.spec import (
    AppRole,
    Certificate,
    Jwt,
    KubernetesAuth,
    Password,
    Selector,
    VaultSpec,
)

TOKEN_S = 600
"""How long a ServiceAccount's token is asked for; it is used once."""
AUDIENCE = "vault"


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What to send where."""

    path: str
    body: SecretValue


async def static_token(spec: VaultSpec, references: StoreReferences) -> SecretValue | None:
    """Return the token that the manifest names; None: log in, or nothing to do."""
    if spec.auth is None or spec.method != "tokenSecretRef":
        return None
    return await _read(references, spec.auth.token_secret_ref, "auth.tokenSecretRef", "token")


async def login_request(spec: VaultSpec, references: StoreReferences) -> LoginRequest | None:
    """Return how to log in; None where the manifest names a token, or nothing.

    Raises:
        KeyfleetError: As `StoreReferences`.
    """
    if spec.auth is None:
        return None
    request: LoginRequest | None = None
    match spec.auth.chosen:
        case AppRole() as chosen:
            request = await _app_role(chosen, references)
        case KubernetesAuth() as chosen:
            jwt = await _kubernetes_token(chosen, references)
            request = _request(chosen.mount_path, {"role": chosen.role}, jwt=jwt)
        case Password() as chosen:
            request = await _password(chosen, spec.method, references)
        case Jwt() as chosen:
            jwt = await _jwt(chosen, references)
            request = _request(chosen.path, {"role": chosen.role} if chosen.role else {}, jwt=jwt)
        case Certificate() as chosen:
            name = {"name": chosen.vault_role} if chosen.vault_role else {}
            request = _request(chosen.path, name)
    return request


async def _app_role(chosen: AppRole, references: StoreReferences) -> LoginRequest:
    place = "auth.appRole"
    role_id = SecretValue(chosen.role_id.encode())
    if not chosen.role_id:
        role_id = await _read(references, chosen.role_ref, f"{place}.roleRef")
    secret_id = await _read(references, chosen.secret_ref, f"{place}.secretRef")
    return _request(chosen.path, {}, role_id=role_id, secret_id=secret_id)


async def _password(chosen: Password, method: str, references: StoreReferences) -> LoginRequest:
    password = await _read(references, chosen.secret_ref, f"auth.{method}.secretRef")
    mount = chosen.path or method.lower()
    if "/" in chosen.username or chosen.username in {"", ".", ".."}:
        raise _unusable(f"auth.{method}.username")
    return _request(mount, {}, user=chosen.username, password=password)


async def _kubernetes_token(chosen: KubernetesAuth, references: StoreReferences) -> SecretValue:
    place = "auth.kubernetes"
    if chosen.service_account_ref is not None:
        return await references.token(
            chosen.service_account_ref,
            audiences=(),
            seconds=TOKEN_S,
            path=f"{place}.serviceAccountRef",
        )
    return await _read(references, chosen.secret_ref, f"{place}.secretRef", "token")


async def _jwt(chosen: Jwt, references: StoreReferences) -> SecretValue:
    asked = chosen.kubernetes_service_account_token
    if chosen.secret_ref is not None or asked is None:
        return await _read(references, chosen.secret_ref, "auth.jwt.secretRef")
    return await references.token(
        asked.service_account_ref,
        audiences=(AUDIENCE,) if asked.audiences is None else asked.audiences,
        seconds=asked.expiration_seconds or TOKEN_S,
        path="auth.jwt.kubernetesServiceAccountToken.serviceAccountRef",
    )


async def client_certificate(
    spec: VaultSpec, references: StoreReferences
) -> ClientCertificate | None:
    """Return what the connection presents: that of `auth.cert`, or else that of `tls`."""
    if spec.auth and spec.auth.cert and spec.method == "cert":
        cert, key, place = spec.auth.cert.client_cert, spec.auth.cert.secret_ref, "auth.cert"
        places = (f"{place}.clientCert", f"{place}.secretRef")
    elif spec.tls and spec.base.startswith("https:"):
        cert, key = spec.tls.cert_secret_ref, spec.tls.key_secret_ref
        places = ("tls.certSecretRef", "tls.keySecretRef")
    else:
        return None
    if cert is None or key is None:
        return None
    chain = await references.secret(cert, path=places[0], key="tls.crt")
    private = await references.secret(key, path=places[1], key="tls.key")
    return ClientCertificate(chain.reveal(), private.reveal())


async def _read(
    references: StoreReferences, selector: Selector | None, path: str, key: str = ""
) -> SecretValue:
    """Return a credential without the blanks around it, as upstream takes it."""
    found = await references.secret(selector or {}, path=path, key=key)
    stripped = found.reveal().strip()
    try:
        stripped.decode()
    except UnicodeDecodeError:
        stripped = b""
    if not stripped:
        raise _unusable(path)
    return SecretValue(stripped)


def _unusable(path: str) -> InvalidIntentError:
    return InvalidIntentError(
        "store.invalid",
        "the store cannot work as it is declared",
        path,
        "what this names is empty or no text",
        path=path,
    )


def _request(
    mount: str, public: Mapping[str, str], *, user: str = "", **secret: SecretValue
) -> LoginRequest:
    revealed = {name: value.reveal().decode() for name, value in secret.items()}
    path = clean(f"auth/{mount}/login") + (f"/{user}" if user else "")
    return LoginRequest(path, SecretValue(encode_json({**public, **revealed})))
