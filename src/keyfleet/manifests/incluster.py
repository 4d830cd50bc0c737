# SPDX-License-Identifier: Apache-2.0
"""All that Keyfleet needs to run inside a cluster, and to be let into a member, in order."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from keyfleet.manifests.deployment import deployment
from keyfleet.manifests.everything import namespace
from keyfleet.manifests.foreign import chosen
from keyfleet.manifests.memberpolicy import member_policy
from keyfleet.manifests.rights import Part
from keyfleet.manifests.roles import ACCOUNTS, account, bindings, roles
from keyfleet.manifests.sealedsecrets.service import SEALED_SECRETS, sealing_service
from keyfleet.model.ownership import SYSTEM_NAMESPACE

Manifest = dict[str, Any]


def controller(
    image: str,
    *,
    namespaces: Sequence[str] = (),
    is_member: bool = False,
    dialects: Collection[str] = (),
) -> list[Manifest]:
    """Return what a hub gets besides `everything`: an account, its rights, the Deployment.

    Args:
        image: Of the controller.
        namespaces: Where Secrets may be reached; empty: everywhere. keyfleet-system always is.
        is_member: The hub takes targets too (a FleetCluster with `inCluster`): the same account
            gets the rights of a member.
        dialects: Whose manifests are served on the hub, too: names in `foreign`.
    """
    places = _with_system(namespaces)
    granted = _granted(_parts(Part.HUB, dialects), places)
    if is_member:
        # Never in keyfleet-system: nothing is delivered there.
        granted += [
            *roles(Part.MEMBER),
            *bindings(Part.MEMBER, _once(namespaces), holder=ACCOUNTS[Part.HUB]),
            *member_policy(),
        ]
    serves_sealing = SEALED_SECRETS in dialects
    service = sealing_service() if serves_sealing else []
    workload = deployment(image, serves_sealing=serves_sealing)
    return [account(Part.HUB), *granted, *service, workload]


def member(namespaces: Sequence[str] = (), dialects: Collection[str] = ()) -> list[Manifest]:
    """Return what lets the controller into a member: namespace, account, and its rights there.

    Args:
        namespaces: Where Secrets may be reached; empty: everywhere.
        dialects: Whose manifests are served there, too: names in `foreign`.
    """
    places = _once(namespaces)
    granted = _granted(_parts(Part.MEMBER, dialects), places)
    return [
        namespace(domain=""),
        *member_policy(),
        account(Part.MEMBER),
        *granted,
    ]


def _granted(parts: Sequence[Part], places: Sequence[str]) -> list[Manifest]:
    held = [role for part in parts for role in roles(part)]
    return [*held, *(binding for part in parts for binding in bindings(part, places))]


def _parts(part: Part, dialects: Collection[str]) -> list[Part]:
    return [part, *(one.hub if part is Part.HUB else one.member for one in chosen(dialects))]


def _with_system(namespaces: Iterable[str]) -> list[str]:
    chosen = _once(namespaces)
    return _once([*chosen, SYSTEM_NAMESPACE]) if chosen else []


def _once(namespaces: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(namespaces))
