# SPDX-License-Identifier: Apache-2.0
"""The reference page of the rights, made from the list that the roles are made from."""

from collections.abc import Iterator

from keyfleet.manifests.rights import Part, Reach, Right, rights

_HEAD = """\
# Rights

Every right that Keyfleet has when it runs in a cluster. Made from the same list as the roles by
`python -m keyfleet.manifests`: change the list, not this page. How they are bound, and what they
mean, is in [Least rights](../concepts/rights.md).
"""

_TITLES = {
    Part.HUB: "The hub: ServiceAccount `keyfleet`",
    Part.MEMBER: "A member: ServiceAccount `keyfleet-member`",
    Part.HUB_ESO: "With `--dialect eso`, on the hub: ServiceAccount `keyfleet`",
    Part.MEMBER_ESO: "With `--dialect eso`, in a member: ServiceAccount `keyfleet-member`",
    Part.HUB_SEALED: "With `--dialect sealed-secrets`, on the hub: ServiceAccount `keyfleet`",
    Part.MEMBER_SEALED: "With `--dialect sealed-secrets`, in a member:"
    " ServiceAccount `keyfleet-member`",
}
_WHERE = {
    Reach.CLUSTER: "everywhere",
    Reach.CHOSEN: "everywhere, or in `--namespaces`",
    Reach.SYSTEM: "`keyfleet-system`",
    Reach.KEYS: "`kube-system`, or `--sealed-secrets-key-namespace`",
}


def rights_page() -> str:
    """Return docs/reference/rights.md."""
    return "\n".join([_HEAD, *(_section(part) for part in Part)])


def _section(part: Part) -> str:
    head = ["| verbs | resource | only object | where | why |", "|---|---|---|---|---|"]
    return "\n".join([f"## {_TITLES[part]}", "", *head, *_rows(part), ""])


def _rows(part: Part) -> Iterator[str]:
    together: dict[tuple[str, str, Reach, str], list[Right]] = {}
    for right in rights(part):
        key = (_resource(right), right.name, right.reach, right.why)
        together.setdefault(key, []).append(right)
    for (resource, name, reach, why), found in together.items():
        verbs = ", ".join(f"`{right.verb}`" for right in found)
        only = f"`{name}`" if name else ""
        yield f"| {verbs} | {resource} | {only} | {_WHERE[reach]} | {why} |"


def _resource(right: Right) -> str:
    group = f".{right.group}" if right.group else ""
    sub = f"/{right.subresource}" if right.subresource else ""
    return f"`{right.resource}{group}{sub}`"
