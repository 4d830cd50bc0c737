# SPDX-License-Identifier: Apache-2.0
"""What no native manifest may ask for, whatever a policy says."""

from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.base.sealing import load_certificate
from keyfleet.model.v1alpha1.common import KEY_NAME
from keyfleet.model.v1alpha1.fleetcluster import FleetClusterSpec
from keyfleet.model.v1alpha1.fleetsecret import Delivery, ValueSource, Via
from keyfleet.model.v1alpha1.parsing import matches

SPECIAL_TYPES = frozenset(
    {
        "kubernetes.io/service-account-token",
        "bootstrap.kubernetes.io/token",
        "helm.sh/release.v1",
    }
)
"""Secret types that a controller or the API server reads as authority or as its own state."""

SPECIAL_TYPE = "intent.special_type"


def check_type(secret_type: str, *, path: str) -> None:
    """Refuse a special Secret type.

    Raises:
        InvalidIntentError: `intent.special_type`.
    """
    if secret_type in SPECIAL_TYPES:
        hint = "use an ordinary type such as Opaque"
        raise InvalidIntentError(
            "intent.special_type", "Secrets of this type are never delivered", hint=hint, path=path
        )


def check_cluster(spec: FleetClusterSpec) -> None:
    """Refuse a FleetCluster that says no way to reach it, or several.

    Raises:
        InvalidIntentError: `intent.invalid`.
    """
    ways = (
        spec.context is not None,
        spec.kubeconfig_ref is not None,
        spec.in_cluster,
        spec.agent,
    )
    if sum(ways) != 1:
        message = "give exactly one of context, kubeconfigRef, inCluster: true and agent: true"
        raise InvalidIntentError("intent.invalid", message, path="spec")
    if spec.sealing.certificate is not None:
        _check_certificate(spec.sealing.certificate)


def _check_certificate(pem: str) -> None:
    path = "spec.sealing.certificate"
    try:
        load_certificate(pem.encode())
    except InvalidInputError as error:
        raise InvalidIntentError(
            "intent.invalid", error.message, hint=error.hint, path=path
        ) from None


def check_delivery(spec: Delivery, *, path: str) -> None:
    """Refuse a scope, or the way over the hub, where nothing is sealed.

    Raises:
        InvalidIntentError: `intent.invalid`.
    """
    if spec.scope is not None and spec.sealed_as is None:
        raise _invalid(f"{path}.scope", "is for kind: SealedSecret")
    if spec.via is Via.HUB and spec.sealed_as is None:
        raise _invalid(f"{path}.via", "Hub is for kind: SealedSecret")


def check_source(spec: ValueSource, *, path: str) -> None:
    """Refuse a source that names several things or none, or has a field of another.

    Raises:
        InvalidIntentError: `intent.invalid`, with the path of the field.
    """
    ways = (spec.secret_ref, spec.store_ref, spec.sealed)
    if sum(way is not None for way in ways) != 1:
        raise _invalid(path, "give exactly one of secretRef, storeRef and sealed")
    of_stores = {
        "key": spec.key,
        "property": spec.property,
        "version": spec.version,
        "to": spec.to,
        "refreshInterval": spec.refresh_interval,
    }
    for field, given in of_stores.items() if spec.store_ref is None else ():
        if given is not None:
            raise _invalid(f"{path}.{field}", "is for storeRef")
    if spec.store_ref is not None and spec.key is None:
        raise _invalid(f"{path}.key", "name the secret in the store")
    for key in spec.sealed.encrypted_data if spec.sealed is not None else ():
        if problem := matches(KEY_NAME, key):
            raise _invalid(f"{path}.sealed.encryptedData", problem)


def _invalid(path: str, message: str) -> InvalidIntentError:
    return InvalidIntentError("intent.invalid", message, path=path)
