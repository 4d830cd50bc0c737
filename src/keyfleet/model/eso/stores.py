# SPDX-License-Identifier: Apache-2.0
"""SecretStore, ClusterSecretStore and generators -> the store that their provider understands.

Only what every provider has in common is understood here; what stands under the provider's own key
is its own. Source: compat/external-secrets.md 1.6, 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from keyfleet.base import goduration
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.model.stores import CLUSTER_SECRET_STORE, Store, StoreRef
from keyfleet.model.v1alpha1.common import ApiStruct
from keyfleet.model.v1alpha1.parsing import parse_part

S = TypeVar("S", bound=ApiStruct)

STORE_API_VERSION = "external-secrets.io/v1"
GENERATOR_API_VERSION = "generators.external-secrets.io/v1alpha1"
CLUSTER_GENERATOR = "ClusterGenerator"

REVALIDATED_EVERY = timedelta(minutes=5)
"""How often a store is validated that says nothing about it."""
MOST_OFTEN = timedelta(seconds=10)
"""A shorter interval counts as this one: to validate is to log in."""

INNER_SPECS = {
    "ACRAccessToken": "acrAccessTokenSpec",
    "BeyondtrustWorkloadCredentialsDynamicSecret": (
        "beyondtrustWorkloadCredentialsDynamicSecretSpec"
    ),
    "CloudsmithAccessToken": "cloudsmithAccessTokenSpec",
    "ECRAuthorizationToken": "ecrAuthorizationTokenSpec",
    "Fake": "fakeSpec",
    "GCRAccessToken": "gcrAccessTokenSpec",
    "GithubAccessToken": "githubAccessTokenSpec",
    "GitlabDeployToken": "gitlabDeployTokenSpec",
    "Grafana": "grafanaSpec",
    "MFA": "mfaSpec",
    "Password": "passwordSpec",
    "QuayAccessToken": "quayAccessTokenSpec",
    "SSHKey": "sshKeySpec",
    "STSSessionToken": "stsSessionTokenSpec",
    "UUID": "uuidSpec",
    "VaultDynamicSecret": "vaultDynamicSecretSpec",
    "Webhook": "webhookSpec",
}
"""Kinds of generators, and the field of a ClusterGenerator that holds the spec of each."""

GENERATORS = (*INNER_SPECS, CLUSTER_GENERATOR)
"""What `generatorRef.kind` may name."""

SUPPORTED_GENERATORS = frozenset(
    {"Fake", "Password", "SSHKey", "UUID", "VaultDynamicSecret", CLUSTER_GENERATOR}
)
"""Those that something makes values for."""

_SECONDS_MAX = 10**9

_UNSCOPED = frozenset({CLUSTER_SECRET_STORE, CLUSTER_GENERATOR})


class _Retries(ApiStruct, frozen=True, kw_only=True):
    max_retries: int | None = None
    retry_interval: str = ""


class _StoreSpec(ApiStruct, frozen=True, kw_only=True):
    provider: dict[str, Any]
    controller: str = ""
    retry_settings: _Retries = _Retries()
    refresh_interval: int | str = 0


class _ClusterGeneratorSpec(ApiStruct, frozen=True, kw_only=True):
    kind: str
    generator: dict[str, Any]


class _GeneratorSpec(ApiStruct, frozen=True, kw_only=True):
    controller: str = ""
    retry_settings: _Retries = _Retries()


@dataclass(frozen=True, slots=True)
class _Declared:
    """What a manifest says, before anybody asks."""

    provider: str
    config: Mapping[str, Any]
    controller: str
    retries: _Retries


def store_of(manifest: Mapping[str, Any], ref: StoreRef, asker_namespace: str) -> Store:
    """Return a declared store or generator as its provider understands it.

    Args:
        manifest: A SecretStore, ClusterSecretStore or generator, v1beta1 or v1.
        ref: What it is called and where it was found.
        asker_namespace: Namespace of the manifest that asks; empty: nobody asks yet.
    Raises:
        InvalidIntentError: `intent.invalid`, with `path`.
    """
    declared = _declared(manifest, ref)
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return Store(
        ref=ref,
        provider=declared.provider,
        config=declared.config,
        namespace=asker_namespace if ref.kind in _UNSCOPED else ref.namespace,
        max_retries=declared.retries.max_retries,
        retry_interval_s=_seconds(declared.retries.retry_interval),
        uid=_uid(metadata),
        generation=_generation(metadata),
    )


def controller_of(manifest: Mapping[str, Any], ref: StoreRef) -> str:
    """Return the controller class that a store or generator is kept for; empty: for everyone.

    Of a manifest that cannot be read, too: whose it is decides who says so.
    """
    try:
        return _declared(manifest, ref).controller
    except InvalidIntentError:
        spec = manifest.get("spec")
        found = spec.get("controller") if isinstance(spec, Mapping) else None
        return found if isinstance(found, str) else ""


def is_for(controller: str, manifest: Mapping[str, Any], ref: StoreRef) -> bool:
    """Tell whether a store or generator is one that a controller of this class serves."""
    return controller_of(manifest, ref) in ("", controller)


def validated_every(manifest: Mapping[str, Any]) -> timedelta:
    """Return how often a store is validated; v1 takes a Go duration, too.

    Raises:
        InvalidIntentError: `intent.invalid`: negative, or no duration.
    """
    said = _parsed(_StoreSpec, manifest).refresh_interval
    path = "spec.refreshInterval"
    interval = _duration(said, path) if isinstance(said, str) and said else timedelta()
    if isinstance(said, int):
        interval = timedelta(seconds=min(said, _SECONDS_MAX))
    if interval < timedelta():
        raise InvalidIntentError("intent.invalid", "must not be negative", path=path)
    return max(interval, MOST_OFTEN) if interval else REVALIDATED_EVERY


def _declared(manifest: Mapping[str, Any], ref: StoreRef) -> _Declared:
    if not ref.is_generator:
        return _store(_parsed(_StoreSpec, manifest))
    if ref.kind == CLUSTER_GENERATOR:
        return _cluster_generator(_parsed(_ClusterGeneratorSpec, manifest))
    # A generator without any field may leave out its spec.
    return _generator(ref.kind, manifest.get("spec") or {}, "spec")


def _store(spec: _StoreSpec) -> _Declared:
    # A null is what an API server prunes.
    given = [(name, config) for name, config in spec.provider.items() if config is not None]
    if len(given) != 1:
        message = "name exactly one provider"
        hint = f"given: {', '.join(sorted(name for name, _ in given)) or 'none'}"
        raise InvalidIntentError("intent.invalid", message, hint=hint, path="spec.provider")
    name, config = given[0]
    if not isinstance(config, Mapping):
        path = f"spec.provider.{name}"
        raise InvalidIntentError("intent.invalid", "must be an object", path=path)
    return _Declared(name, config, spec.controller, spec.retry_settings)


def _cluster_generator(spec: _ClusterGeneratorSpec) -> _Declared:
    known = INNER_SPECS.get(spec.kind)
    given = [name for name, inner in spec.generator.items() if inner is not None]
    if known is None or given != [known]:
        message = "give exactly the spec of the kind that is named"
        hint = f"the field of {spec.kind} is {known}" if known else "no generator of that kind"
        raise InvalidIntentError("intent.invalid", message, hint=hint, path="spec.generator")
    return _generator(spec.kind, spec.generator[known], f"spec.generator.{known}")


def _generator(kind: str, spec: Any, path: str) -> _Declared:
    common = parse_part(_GeneratorSpec, spec, path=path, is_foreign=True)
    return _Declared(kind, spec, common.controller, common.retry_settings)


def _parsed(kind: type[S], manifest: Mapping[str, Any]) -> S:
    return parse_part(kind, manifest.get("spec"), path="spec", is_foreign=True)


def _seconds(text: str) -> float | None:
    if not text:
        return None
    return _duration(text, "spec.retrySettings.retryInterval").total_seconds()


def _duration(text: str, path: str) -> timedelta:
    try:
        return goduration.parse(text)
    except InvalidInputError:
        pass
    hint = "write it as 30s, 5m or 1h30m"
    raise InvalidIntentError("intent.invalid", "not a duration", hint=hint, path=path)


def _uid(metadata: Mapping[str, Any]) -> str:
    found = metadata.get("uid")
    return found if isinstance(found, str) else ""


def _generation(metadata: Mapping[str, Any]) -> int:
    found = metadata.get("generation")
    return found if isinstance(found, int) else 0
