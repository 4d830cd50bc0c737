# SPDX-License-Identifier: Apache-2.0
"""Install another tool's kinds where nobody else did: what is there is its owner's."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from keyfleet.cli.installing import Applied, Change, apply
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import CRDS
from keyfleet.manifests.foreign import chosen
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL

_MINOR = re.compile(r"v1\.(\d+)")
_SELECTABLE_SINCE = 30
"""Minor version of Kubernetes whose CRDs name fields that lists can be narrowed by."""


async def install_kinds(
    client: Client, dialects: Collection[str], *, tell: Callable[[str], None]
) -> list[Applied]:
    """Apply the CRDs of other tools' kinds, where they are absent or ours.

    Args:
        client: A hub or a member.
        dialects: Whose kinds.
        tell: Told which are left as they are.
    Raises:
        DeniedError: It needs rights on CRDs.
    """
    applied: list[Applied] = []
    for tool in chosen(dialects):
        crds = tool.crds(_knows_selectable(await client.version()))
        done = [await _install(client, crd) for crd in crds]
        if kept := [item.name for item in done if item.change is Change.KEPT]:
            tell(
                f"not installed by Keyfleet and left as they are: {', '.join(kept)}; their"
                f" manifests are served where `run --dialects {tool.dialect}` says so, once the"
                " other operator is stopped"
            )
        applied += done
    return applied


def is_ours(crd: Metadata) -> bool:
    """Tell whether Keyfleet installed a CRD."""
    return (crd.labels or {}).get(MANAGED_BY_LABEL) == MANAGED_BY


async def _install(client: Client, crd: Mapping[str, Any]) -> Applied:
    name = crd["metadata"]["name"]
    before = await client.find_metadata(CRDS, name)
    if before is not None and not is_ours(before):
        return Applied(CRDS, name, Change.KEPT)
    return await apply(client, crd)


def _knows_selectable(version: str) -> bool:
    found = _MINOR.match(version)
    return found is None or int(found[1]) >= _SELECTABLE_SINCE
