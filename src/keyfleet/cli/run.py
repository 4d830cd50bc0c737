# SPDX-License-Identifier: Apache-2.0
"""`keyfleet run`: the controller."""

import os
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from keyfleet import builtin
from keyfleet.app import Settings, run_until_stopped
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.hub import installed_domain, open_hub
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.engine.declarations.claims import Claims
from keyfleet.manifests.everything import DEFAULT_DOMAIN
from keyfleet.observe.logs import LogFormat, configure_logging
from keyfleet.observe.process import collect_less_often, harden_process


class Members(StrEnum):
    """Which clusters belong to the fleet."""

    ALL = "all"
    DECLARED = "declared"


async def run(
    *,
    listen: Annotated[str, Parameter(metavar="ADDRESS")] = "127.0.0.1:8080",
    annotation_domain: Annotated[str, Parameter(metavar="DOMAIN")] = "",
    members: Members = Members.ALL,
    dialects: Annotated[str, Parameter(metavar="NAME,NAME", env_var="KEYFLEET_DIALECTS")] = "",
    eso_namespaces: Annotated[
        str, Parameter(metavar="NAME,NAME", env_var="KEYFLEET_ESO_NAMESPACES")
    ] = "",
    eso_class: Annotated[str, Parameter(metavar="NAME", env_var="KEYFLEET_ESO_CLASS")] = "default",
    common: Common = NO_OPTIONS,
) -> None:
    """Run the controller until SIGTERM or Ctrl-C.

    It watches the hub and every member and keeps them true. Several may run: one leads, the others
    stand by.

    Args:
        listen: Address for /metrics, /healthz and /readyz; default 127.0.0.1:8080.
        annotation_domain: Domain of the annotations that mark plain Secrets; default: as installed.
        members: `declared` enrols no cluster by itself: only FleetClusters that somebody wrote.
        dialects: Other tools' manifests to serve in every cluster that has their CRDs, whoever
            installed those: `eso`. Make sure that the other operator does not serve them, too.
            Where `keyfleet install --dialect` installed the CRDs they are served anyway: on the
            hub, and in members if the hub has them, too.
        eso_namespaces: The only namespaces whose ExternalSecrets and SecretStores are ours;
            default: all.
        eso_class: What `spec.controller` of a store that is ours says; default: default, which
            stores without one mean.
    """
    harden_process()
    collect_less_often()
    configure_logging(common.verbose + 1, log_format=LogFormat(common.log_format.value))
    claims = claims_of(dialects, eso_namespaces, eso_class)
    settings = Settings(
        kubeconfigs=common.kubeconfig,
        context=common.context,
        listen=listen,
        annotation_domain=annotation_domain or await _installed_domain(common),
        members_declared=members is Members.DECLARED,
        claims=claims,
        environ=os.environ,
    )
    await run_until_stopped(settings)


def claims_of(dialects: str, namespaces: str, controller_class: str) -> Claims:
    """Return which manifests of other tools are ours.

    Raises:
        InvalidInputError: `cli.usage`: a dialect that there is not.
    """
    known = {
        dialect.name
        for dialect in builtin.dialects(DEFAULT_DOMAIN)
        if any(kind.is_foreign for kind in dialect.kinds)
    }
    wanted = frozenset(names_in(dialects))
    if unknown := wanted - known:
        raise InvalidInputError(
            "cli.usage",
            "no other tool's manifests are called so",
            f"--dialects {', '.join(sorted(unknown))}",
            hint=f"there are: {', '.join(sorted(known)) or 'none'}",
        )
    return Claims(wanted, frozenset(names_in(namespaces)), controller_class or "default")


def names_in(text: str) -> list[str]:
    """Return the names in a list with commas.

    >>> names_in("a, b,")
    ['a', 'b']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


async def _installed_domain(common: Common) -> str:
    async with open_hub(common) as hub:
        return await installed_domain(hub)
