# SPDX-License-Identifier: Apache-2.0
"""All that Keyfleet needs to run inside a cluster, and to be let into a member, in order."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from keyfleet.manifests.deployment import deployment
from keyfleet.manifests.everything import namespace
from keyfleet.manifests.foreign import chosen
from keyfleet.manifests.memberpolicy import member_policy
from keyfleet.manifests.rights import KUBE_SYSTEM, Part
from keyfleet.manifests.roles import ACCOUNTS, account, bindings, roles
from keyfleet.manifests.sealedsecrets.service import SEALED_SECRETS, sealing_service
from keyfleet.model.ownership import SYSTEM_NAMESPACE

Manifest = dict[str, Any]

KEYS_FLAG = "sealed-secrets-key-namespace"
"""Of `run` and of `install`."""


def controller(
    image: str,
    *,
    namespaces: Sequence[str] = (),
    is_member: bool = False,
    dialects: Collection[str] = (),
    keys_in: str = KUBE_SYSTEM,
) -> list[Manifest]:
    """Return what a hub gets besides `everything`: an account, its rights, the Deployment.

    Args:
        image: Of the controller.
        namespaces: Where Secrets may be reached; empty: everywhere. keyfleet-system always is.
        is_member: The hub takes targets too (a FleetCluster with `inCluster`): the same account
            gets the rights of a member.
        dialects: Whose manifests are served on the hub, too: names in `foreign`.
        keys_in: Namespace of the sealing keys, in every cluster.
    """
    places = _with_system(namespaces)
    granted = _granted(_parts(Part.HUB, dialects), places, keys_in)
    if is_member:
        # Never in keyfleet-system: nothing is delivered there.
        granted += [
            *roles(Part.MEMBER),
            *bindings(Part.MEMBER, _once(namespaces), holder=ACCOUNTS[Part.HUB]),
            *member_policy(keys_in),
        ]
    serves_sealing = SEALED_SECRETS in dialects
    service = sealing_service() if serves_sealing else []
    flags = {} if keys_in == KUBE_SYSTEM else {KEYS_FLAG: keys_in}
    workload = deployment(image, serves_sealing=serves_sealing, flags=flags)
    return [account(Part.HUB), *granted, *service, workload]


def member(
    namespaces: Sequence[str] = (),
    dialects: Collection[str] = (),
    *,
    keys_in: str = KUBE_SYSTEM,
) -> list[Manifest]:
    """Return what lets the controller into a member: namespace, account, and its rights there.

    Args:
        namespaces: Where Secrets may be reached; empty: everywhere.
        dialects: Whose manifests are served there, too: names in `foreign`.
        keys_in: Namespace of the sealing keys.
    """
    places = _once(namespaces)
    granted = _granted(_parts(Part.MEMBER, dialects), places, keys_in)
    return [
        namespace(domain=""),
        *member_policy(keys_in),
        account(Part.MEMBER),
        *granted,
    ]


def _granted(parts: Sequence[Part], places: Sequence[str], keys_in: str) -> list[Manifest]:
    held = [role for part in parts for role in roles(part, keys_in=keys_in)]
    bound = (one for part in parts for one in bindings(part, places, keys_in=keys_in))
    return [*held, *bound]


def _parts(part: Part, dialects: Collection[str]) -> list[Part]:
    return [part, *(one.hub if part is Part.HUB else one.member for one in chosen(dialects))]


def _with_system(namespaces: Iterable[str]) -> list[str]:
    chosen = _once(namespaces)
    return _once([*chosen, SYSTEM_NAMESPACE]) if chosen else []


def _once(namespaces: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(namespaces))
