# SPDX-License-Identifier: Apache-2.0
"""Other tools' manifests: what it takes to serve them, one line for each tool."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from keyfleet.kube.resources import Resource
from keyfleet.manifests import eso, sealedsecrets
from keyfleet.manifests.rights import Part


@dataclass(frozen=True, slots=True)
class Foreign:
    """What it takes to serve the manifests of one tool."""

    dialect: str
    title: str
    kinds: tuple[Resource, ...]
    """In an order in which they may go."""
    crds: Callable[[bool], list[dict[str, Any]]]
    """Whether the cluster knows selectable fields (1.30 and later) -> the CRDs."""
    hub: Part
    """What the controller may do besides, on a hub."""
    member: Part
    """As `hub`, in a member."""


FOREIGN: tuple[Foreign, ...] = (
    Foreign(
        "eso",
        "the External Secrets Operator",
        eso.FOREIGN_KINDS,
        lambda are_selectable: eso.eso_crds(are_selectable=are_selectable),
        Part.HUB_ESO,
        Part.MEMBER_ESO,
    ),
    Foreign(
        "sealed-secrets",
        "Sealed Secrets",
        sealedsecrets.KINDS,
        lambda _: sealedsecrets.sealedsecrets_crds(),
        Part.HUB_SEALED,
        Part.MEMBER_SEALED,
    ),
)

NAMES: tuple[str, ...] = tuple(one.dialect for one in FOREIGN)
KINDS: tuple[Resource, ...] = tuple(kind for one in FOREIGN for kind in one.kinds)
"""Every kind of another tool, in an order in which they may go."""


def chosen(dialects: Collection[str]) -> Iterable[Foreign]:
    """Return the tools of some dialects, in a fixed order."""
    return [one for one in FOREIGN if one.dialect in dialects]


def crds_of(dialects: Collection[str], *, are_selectable: bool = True) -> list[dict[str, Any]]:
    """Return the CRDs of some dialects.

    Args:
        dialects: By name.
        are_selectable: Fields are named that lists can be narrowed by.
    """
    return [crd for one in chosen(dialects) for crd in one.crds(are_selectable)]
