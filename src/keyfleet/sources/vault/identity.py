# SPDX-License-Identifier: Apache-2.0
"""Who the server confirmed us to be, and for how long.

The answer to a login and the answer to a look-up of the token both say it. Two stores share answers
when entity, policies and namespace are equal: all that decides what a token may read.
Source: docs/compat/vault.md 3.1 (`auth`), 3.4 (token endpoints).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.errors import KeyfleetError, TemporaryError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import login_refused
from keyfleet.plugin.stores import StoreReferences
from keyfleet.sources.vault.client import Call, Client
from keyfleet.sources.vault.logins import login_request, static_token
from keyfleet.sources.vault.spec import VaultSpec

_TOKEN = re.compile(r"[\x21-\x7e]+")
_HINT = "check role, mount and namespace of auth, and that the credential is still valid"
_POLICIES = ("policies", "token_policies", "identity_policies")


@dataclass(frozen=True, slots=True)
class Identity:
    """A token and what is known of it."""

    token: SecretValue | None = field(default=None, repr=False)
    """None: requests carry none."""
    principal: str = ""
    lifetime_s: float = 0.0
    """From the answer on; 0: without an end."""
    is_renewable: bool = False
    """By us: a token of the manifest is its author's."""
    is_ours: bool = False
    """We logged in, so we log out."""


async def identify(
    spec: VaultSpec, client: Client, references: StoreReferences, store: Store
) -> Identity:
    """Log in, or have the server confirm the token of the manifest.

    Raises:
        DeniedError: `store.login_refused`.
        KeyfleetError: As `Client.send`, and as `StoreReferences`.
    """
    token = await static_token(spec, references)
    if token is not None:
        return await _confirmed(spec, client, token, store)
    request = await login_request(spec, references)
    if request is None:
        return Identity()
    call = Call(
        "Login",
        "POST",
        request.path,
        f"{store.ref} {request.path}",
        namespace=spec.login_namespace,
        body=request.body,
    )
    auth = (await _attempt(client, call, store)).get("auth")
    if not isinstance(auth, dict):
        raise login_refused(store, _HINT)
    return Identity(
        token=_token(auth.get("client_token"), store),
        principal=_principal(auth, spec.login_namespace),
        lifetime_s=_seconds(auth.get("lease_duration")),
        is_renewable=auth.get("renewable") is True,
        # A batch token is written nowhere and cannot be revoked.
        is_ours=auth.get("token_type") != "batch",
    )


async def _confirmed(spec: VaultSpec, client: Client, token: SecretValue, store: Store) -> Identity:
    call = Call(
        "LookupSelf",
        "GET",
        "auth/token/lookup-self",
        f"{store.ref} auth.tokenSecretRef",
        token=_token(token.reveal().decode(), store),
        namespace=spec.login_namespace,
    )
    found = (await _attempt(client, call, store)).get("data")
    if not isinstance(found, dict):
        raise login_refused(store, _HINT)
    return Identity(
        token=token,
        principal=_principal(found, spec.login_namespace),
        lifetime_s=_seconds(found.get("ttl")),
    )


async def _attempt(client: Client, call: Call, store: Store) -> Mapping[str, Any]:
    try:
        return (await client.send(call)).document
    except TemporaryError:
        raise
    except KeyfleetError:
        problem = login_refused(store, _HINT)
    raise problem


def _token(text: Any, store: Store) -> SecretValue:
    # An empty one means that a second factor is asked for.
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise login_refused(store, _HINT)
    return SecretValue(text.encode())


def _principal(found: Mapping[str, Any], namespace: str) -> str:
    """Return who this is; empty where nothing tells this token from others.

    Display names tell nothing: whoever creates a token chooses its own.
    """
    entity, accessor = found.get("entity_id"), found.get("accessor")
    who = f"entity {entity}" if entity else f"accessor {accessor}" if accessor else ""
    policies = {str(one) for name in _POLICIES for one in found.get(name) or ()}
    parts = (who, f"policies {','.join(sorted(policies))}", f"namespace {namespace.strip('/')}")
    return "; ".join(parts) if who else ""


def _seconds(number: Any) -> float:
    return float(number) if isinstance(number, int) and number > 0 else 0.0
