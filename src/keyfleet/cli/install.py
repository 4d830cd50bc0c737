# SPDX-License-Identifier: Apache-2.0
"""`keyfleet install`."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.duration import Duration
from keyfleet.cli.hub import Hub, installed_domain, open_hub
from keyfleet.cli.installing import (
    Applied,
    Change,
    install_hub,
    install_member,
    wait_until_ready,
)
from keyfleet.cli.installingkinds import install_kinds
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note, write_data
from keyfleet.kube.resources import Resource
from keyfleet.manifests import incluster
from keyfleet.manifests.everything import DEFAULT_DOMAIN, everything
from keyfleet.manifests.foreign import KINDS, crds_of
from keyfleet.manifests.rights import KUBE_SYSTEM


class Foreign(StrEnum):
    """Tools whose manifests are served."""

    ESO = "eso"
    SEALED_SECRETS = "sealed-secrets"


KEYS_FLAG = f"--{incluster.KEYS_FLAG}"
_NAMESPACE = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SHOWN = 80
_COLUMNS = (Column("CHANGE"), Column("KIND"), Column("NAME"))


async def install(  # noqa: PLR0913 - one parameter for each flag
    *,
    controller: Annotated[str, Parameter(metavar="IMAGE")] = "",
    member: Annotated[bool, Parameter(negative="")] = False,
    namespaces: Annotated[str, Parameter(metavar="NAME,NAME")] = "",
    dialect: Annotated[list[Foreign] | None, Parameter(negative="")] = None,
    key_namespace: Annotated[
        str,
        Parameter(name=KEYS_FLAG, metavar="NAME", env_var="KEYFLEET_SEALED_SECRETS_KEY_NAMESPACE"),
    ] = KUBE_SYSTEM,
    annotation_domain: Annotated[str, Parameter(metavar="DOMAIN")] = "",
    print_: Annotated[bool, Parameter(name="--print", negative="")] = False,
    wait: bool = True,
    timeout: Duration = timedelta(minutes=2),  # noqa: ASYNC109 - a flag
    common: Common = NO_OPTIONS,
) -> None:
    """Make a cluster the hub: namespace keyfleet-system, CRDs, admission policies, one key.

    May be repeated: what is there already stays. Members need nothing, unless the controller shall
    have a login of its own there (--member).

    Args:
        controller: Run the controller in the hub, from this image, with the least rights.
        member: Make no hub, but a ServiceAccount with the least rights of a member; with
            --controller: the hub takes secrets too.
        namespaces: Where the controller may reach Secrets, separated by commas; default: all.
        dialect: Serve another tool's manifests too, those of the External Secrets Operator or
            SealedSecrets: its CRDs where they are absent, and the rights for the controller; on
            the hub, or with --member in that member; may be repeated.
        key_namespace: Where clusters keep their sealing keys: the right to read and make them is
            for there, and the controller looks there; a namespace that exists; default
            kube-system.
        annotation_domain: Domain of the annotations that mark plain Secrets, such as
            sync.example.com; default: as installed, else keyfleet.io.
        print_: Print the manifests in the order to apply them and send nothing.
        wait: Return when the kinds are served and the policies are in force.
        timeout: How long to wait; default 2m.
    """
    dialects = tuple(dict.fromkeys(one.value for one in dialect or ()))
    wanted = Wanted(
        controller,
        _names(namespaces),
        is_member=member,
        dialects=dialects,
        keys_in=_checked(key_namespace or KUBE_SYSTEM, KEYS_FLAG),
    )
    wanted.check(annotation_domain)
    if print_:
        _print(wanted.documents(annotation_domain or DEFAULT_DOMAIN))
        return
    async with open_hub(common) as hub:
        if wanted.is_member_only:
            applied = await install_member(hub.client, wanted.more(), tell=note)
            applied += await _foreign(hub, dialects)
        else:
            domain = annotation_domain or await installed_domain(hub)
            applied = await install_hub(hub.client, hub.clock, domain, more=wanted.more())
            foreign = await _foreign(hub, dialects)
            applied += foreign
            if wait:
                kinds = _served(foreign)
                await wait_until_ready(
                    hub.client, hub.clock, within=timeout, tell=note, kinds=kinds
                )
    show(install_answer(applied), common)


async def _foreign(hub: Hub, dialects: Collection[str]) -> list[Applied]:
    return await install_kinds(hub.client, dialects, tell=note)


def _served(applied: Iterable[Applied]) -> list[Resource]:
    """Return the kinds whose CRDs are ours; others may serve other versions."""
    names = {item.name for item in applied if item.change is not Change.KEPT}
    return [kind for kind in KINDS if kind.label in names]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be installed."""

    image: str
    """Of the controller; empty: none."""
    namespaces: tuple[str, ...]
    """Where Secrets may be reached; empty: everywhere."""
    is_member: bool
    dialects: tuple[str, ...] = ()
    """Other tools' manifests that are served."""
    keys_in: str = KUBE_SYSTEM
    """Namespace of the sealing keys."""

    @property
    def is_member_only(self) -> bool:
        """Tell whether the cluster becomes a member and no hub."""
        return self.is_member and not self.image

    def check(self, annotation_domain: str) -> None:
        """Refuse flags that say nothing together.

        Raises:
            InvalidInputError: `cli.usage`.
        """
        if self.namespaces and not (self.image or self.is_member):
            raise _usage("--namespaces", "needs --controller or --member")
        if annotation_domain and self.is_member_only:
            raise _usage("--annotation-domain", "is for a hub, and --member alone makes none")

    def documents(self, domain: str) -> list[dict[str, Any]]:
        """Return all manifests in the order to apply them."""
        hub = [] if self.is_member_only else everything(domain)
        return [*hub, *crds_of(self.dialects), *self.more()]

    def more(self) -> list[dict[str, Any]]:
        """Return the manifests beside those that make a hub."""
        if self.is_member_only:
            return incluster.member(self.namespaces, self.dialects, keys_in=self.keys_in)
        if not self.image:
            return []
        return incluster.controller(
            self.image,
            namespaces=self.namespaces,
            is_member=self.is_member,
            dialects=self.dialects,
            keys_in=self.keys_in,
        )


def _names(text: str) -> tuple[str, ...]:
    names = (name.strip() for name in text.split(","))
    return tuple(_checked(name, "--namespaces") for name in names if name)


def _checked(name: str, flag: str) -> str:
    if not _NAMESPACE.fullmatch(name):
        given = f"{flag} {name[:_SHOWN]}"
        raise _usage(given, "needs names of namespaces")
    return name


def _usage(subject: str, text: str) -> InvalidInputError:
    return InvalidInputError("cli.usage", f"the flag {text}", subject)


def _print(documents: list[dict[str, Any]]) -> None:
    from keyfleet.base.codec import encode_yaml

    write_data("---\n".join(encode_yaml(document) for document in documents))


def install_answer(applied: list[Applied]) -> Answer:
    """Return what changed in every format."""
    counts = Counter(item.change for item in applied)
    return Answer(
        columns=_COLUMNS,
        rows=[(item.change, item.resource.kind, item.name) for item in applied],
        document={"items": [_document(item) for item in applied]},
        names=[item.label for item in applied],
        summary=", ".join(f"{count} {change}" for change, count in sorted(counts.items())),
    )


def _document(item: Applied) -> dict[str, str]:
    place = {"namespace": item.namespace} if item.namespace else {}
    kind = {"apiVersion": item.resource.api_version, "kind": item.resource.kind}
    return {**kind, **place, "name": item.name, "change": item.change.value}
